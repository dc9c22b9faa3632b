/** A page that somebody wrote to harm whoever parses it, or that looks as if. */
export interface HostilePage {
  name: string;
  /** Built when it is needed: some have ten million characters. */
  build: () => string;
  /** The limit that must refuse it, whichever library parses; without one it is parsed or refused as may be. */
  limit?: string;
}

const times = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => part(i)).join('');

/** Tags that stay open inside each other for a browser, and some that do not. */
const NESTABLE = [
  'div',
  'span',
  'blockquote',
  'section',
  'ul><li',
  'ol><li',
  'dl><dd',
  'table><tr><td',
  'b',
  'i',
  'font',
  'em',
  'big',
  'a',
  'nobr',
  'p',
  'h1',
  'form',
  'button',
  'select',
  'option',
  'optgroup',
  'template',
  'object',
  'applet',
  'marquee',
  'svg',
  'math',
  'svg><desc',
  'math><mi',
  'svg><foreignObject',
  'noscript',
  'details',
  'fieldset',
  'ruby><rt',
  'frameset',
  'iframe',
  'x-unknown',
]; // prettier-ignore

/** Those of which 20,000 levels are too deep for either library. */
const TOO_DEEP = ['div', 'span', 'blockquote', 'section', 'object', 'marquee', 'details', 'fieldset', 'x-unknown'];

function nesting(): HostilePage[] {
  return NESTABLE.flatMap((tag) =>
    [100, 600, 20_000].map((levels) => ({
      name: `${levels} levels of <${tag}>`,
      build: () => `<body>${`<${tag}>`.repeat(levels)}x`,
      ...(levels > 512 && TOO_DEEP.includes(tag) ? { limit: 'depthMax' } : {}),
    })),
  );
}

function attributes(): HostilePage[] {
  const shapes: Record<string, (index: number) => string> = {
    distinct: (index) => ` a${index}=${index}`,
    'of one name': () => ' a=1',
    'without value': (index) => ` a${index}`,
    'in capitals': (index) => ` DATA-${index}="X"`,
    'with entities': (index) => ` a${index}="&amp;&lt;&#${index};"`,
  };
  return Object.entries(shapes).flatMap(([shape, part]) =>
    [200, 1_000, 80_000].map((count) => ({
      name: `${count} attributes ${shape}`,
      build: () => `<body><div${times(count, part)}>x</div>`,
      ...(count > 256 ? { limit: 'attributesMax' } : {}),
    })),
  );
}

function unclosed(): HostilePage[] {
  const tags = [
    'li',
    'p',
    'td',
    'tr',
    'option',
    'dd',
    'b',
    'a href=x',
    'font color=red',
    'script',
    'style',
    'textarea',
    'title',
    'xmp',
  ];
  return [
    ...tags.map((tag) => ({ name: `5,000 unclosed <${tag}>`, build: () => `<body>${`<${tag}>x`.repeat(5_000)}` })),
    { name: '200,000 end tags without a start', build: () => `<body>${'</div></p></br></b>'.repeat(50_000)}` },
    { name: 'a tag that never ends', build: () => `<body><div class="${'x'.repeat(1_000_000)}` },
    { name: 'a name that never ends', build: () => `<body><${'x'.repeat(1_000_000)}` },
    { name: 'a million <', build: () => `<body>${'<'.repeat(1_000_000)}` },
    { name: 'a million </', build: () => `<body>${'</'.repeat(500_000)}` },
  ];
}

function misnested(): HostilePage[] {
  const page = (name: string, build: () => string) => ({ name: `misnested: ${name}`, build });
  return [
    page('<b><p></b>', () => '<b><p></b>'.repeat(5_000)),
    page('<a><p></a>', () => `<body>${'<a href=1><p></a>x</p>'.repeat(5_000)}`),
    page('<b><i></b></i>', () => `<body>${'<b><i></b></i>'.repeat(20_000)}`),
    page('links around blocks', () => `<body>${'<a><div>'.repeat(250)}${'</a>'.repeat(250)}`),
    page(
      'different fonts left open, then paragraphs',
      () => `<p>${times(60, (i) => `<font size=${i}>`)}${'<p>x'.repeat(20_000)}`,
    ),
    page(
      '500 fonts left open, then paragraphs',
      () => `<p>${times(500, (i) => `<font size=${i}>`)}${'<p>x'.repeat(2_000)}`,
    ),
    page('fonts left open in blocks', () => `<body>${times(5_000, (i) => `<div><font size=${i}></div>`)}`),
    page('formatting across cells', () => `<table>${times(3_000, (i) => `<tr><td><b id=${i}>x<td></b>`)}`),
    page('formatting across applets', () => `<body>${'<applet><b>'.repeat(200)}${'</b></applet>'.repeat(200)}`),
    page('nobr in nobr', () => `<body>${'<nobr>'.repeat(20_000)}`),
    page('forms in tables', () => `<table>${'<form><tr></form>'.repeat(5_000)}`),
    page('headings in headings', () => `<body>${'<h1><h2></h1>'.repeat(5_000)}`),
  ];
}

function tables(): HostilePage[] {
  return [
    { name: 'texts misplaced in a table', build: () => `<table>${'x<tr>'.repeat(10_000)}` },
    { name: '100,000 elements misplaced in a table', build: () => `<table>${'<br>'.repeat(100_000)}` },
    { name: 'tables in cells', build: () => '<table><tr><td>'.repeat(160) },
    { name: 'tables in rows', build: () => '<table><tr>'.repeat(200) },
    { name: 'columns without end', build: () => `<table>${'<colgroup><col>'.repeat(20_000)}` },
    { name: 'captions in captions', build: () => `<table>${'<caption>'.repeat(5_000)}` },
    {
      name: 'cells of a million columns',
      build: () => `<table><tr>${'<td colspan=1000000 rowspan=65534>'.repeat(1_000)}`,
    },
    { name: 'selects in tables', build: () => `<table>${'<select><tr></select>'.repeat(5_000)}` },
  ];
}

function comments(): HostilePage[] {
  const open = [
    '<!--',
    '<!-- --!',
    '<!-->',
    '<!--->',
    '<!---!>',
    '<![CDATA[',
    '<!',
    '<?xml',
    '<?',
    '<!DOCTYPE',
    '<!ENTITY x "y">',
    ']]>',
  ];
  return [
    ...open.map((start) => ({ name: `5,000 times ${start}`, build: () => `<body>${`${start} x`.repeat(5_000)}` })),
    { name: 'a deep page inside what may be a comment', build: () => `<body><!-->${'<div>'.repeat(20_000)}-->` },
    { name: 'two million comments', build: () => `<body>${'<!---->'.repeat(1_400_000)}`, limit: 'nodesMax' },
    { name: 'an unclosed comment of a megabyte', build: () => `<body><!--${'-'.repeat(1_000_000)}` },
    { name: 'CDATA in svg', build: () => `<svg>${'<![CDATA[<div>]]>'.repeat(20_000)}` },
  ];
}

function entities(): HostilePage[] {
  const parts = [
    '&amp;',
    '&amp',
    '&notit;',
    '&#0;',
    '&#xD800;',
    '&#x110000;',
    '&#99999999999999999999;',
    '&CounterClockwiseContourIntegral;',
    '&',
  ];
  return [
    ...parts.map((part) => ({
      name: `100,000 times ${part}`,
      build: () => `<body><p title="${part.repeat(1_000)}">${part.repeat(100_000)}`,
    })),
    { name: 'a number without end', build: () => `<body>&#${'9'.repeat(1_000_000)};` },
    {
      name: 'entities that contain each other',
      build: () => `<!DOCTYPE l [${times(9, (i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`)}]><l>&l9;</l>`,
    },
  ];
}

function texts(): HostilePage[] {
  const parts: Record<string, string> = {
    letters: 'x',
    NULs: '\0',
    'half surrogates': '\ud800',
    'other halves': '\udc00',
    'byte order marks': '\ufeff',
    'new lines': '\r\n',
    'right-to-left marks': '\u202e',
    'combining marks': 'e\u0301\u0301',
    emoji: '👩‍👩‍👧',
    spaces: ' \t',
    'form feeds': '\f',
    nonsense: '\u0001\u007f\uffff',
  }; // prettier-ignore
  return [
    ...Object.entries(parts).map(([what, part]) => ({
      name: `a page of ${what}`,
      build: () => `<body><p>${part.repeat(300_000)}`,
    })),
    { name: 'ten million letters', build: () => 'x'.repeat(10_000_000) },
    { name: 'ten million Cyrillic letters', build: () => 'й'.repeat(10_000_000) },
    { name: 'ten million letters in pieces', build: () => `<p>${'й'.repeat(100)}`.repeat(97_000) },
    { name: 'a comment of ten million letters', build: () => `<!--${'й'.repeat(10_000_000)}-->` },
    { name: 'a value of ten million letters', build: () => `<p a="${'й'.repeat(10_000_000)}">` },
    { name: 'a value that never ends', build: () => `<p a="${'й'.repeat(10_000_000)}` },
    { name: 'a name of ten million letters', build: () => `<${'й'.repeat(10_000_000)}>` },
    { name: 'a tag of ten million letters that closes nothing', build: () => `</${'y'.repeat(10_000_000)}>` },
    { name: 'a script of ten million letters', build: () => `<script>${'й'.repeat(10_000_000)}</script>` },
    { name: 'more than may be read', build: () => 'x'.repeat(11_000_000), limit: 'markupCharsMax' },
    { name: 'an empty page', build: () => '' },
    { name: 'one NUL', build: () => '\0' },
    { name: 'NULs in names', build: () => `<body>${'<d\0iv cl\0ass="\0">'.repeat(100)}` },
  ];
}

function foreign(): HostilePage[] {
  const parts = [
    '<svg><desc><div></svg>',
    '<svg></p>',
    '<math><mtext><svg>',
    '<math><annotation-xml encoding="text/html"><p>',
    '<svg><title><svg>',
    '<svg/><math/>',
    '<svg><script>',
    '<svg><style><p>',
    '<div><desc></div>',
    '<svg><font color=x>',
    '<math></svg>',
    '<svg><![CDATA[x]]>',
  ]; // prettier-ignore
  return parts.map((part) => ({ name: `2,000 times ${part}`, build: () => `<body>${part.repeat(2_000)}` }));
}

function raw(): HostilePage[] {
  const parts = [
    '<script><!--<script>',
    '<script></scrip',
    '<style></styl',
    '<textarea></textare',
    '<title></titl',
    '<noscript><p>',
    '<plaintext>',
    '<iframe><div>',
    '<noembed><div>',
    '<xmp><b>',
    '<template><tr>',
    '<select><option><select>',
    '<frameset><frame>',
    '<head><body><html a=1>',
    '<script>x</script>',
    '<base href=//example.com>',
    '<meta charset=utf-16>',
    '<link rel=stylesheet><style>*{}</style>',
  ]; // prettier-ignore
  return parts.map((part) => ({ name: `5,000 times ${part} in a row`, build: () => `<body>${part.repeat(5_000)}` }));
}

function crowds(): HostilePage[] {
  return [
    { name: '150,000 elements in a body', build: () => `<body>${'<i></i>'.repeat(150_000)}` },
    { name: '150,000 elements outside of any', build: () => '<i></i>'.repeat(150_000) },
    { name: 'a million elements', build: () => `<body>${'<br>'.repeat(1_000_000)}`, limit: 'nodesMax' },
    { name: 'three million nodes', build: () => `<body>${'<i>x</i> '.repeat(1_100_000)}`, limit: 'nodesMax' },
    {
      name: '20,000 elements with 200 attributes',
      build: () => `<body>${`<i${times(200, (i) => ` a${i}`)}>`.repeat(2_000)}`,
    },
    { name: '100,000 options', build: () => `<select>${'<option>x'.repeat(100_000)}` },
    {
      name: '500 levels with 100,000 elements in them',
      build: () => `<body>${'<div>'.repeat(500)}${'<p>x</p>'.repeat(100_000)}`,
    },
    {
      name: '500 levels and 200,000 strange end tags',
      build: () => `<body>${'<div>'.repeat(500)}${'</span>'.repeat(200_000)}`,
    },
  ];
}

/** The same numbers on every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const CARD =
  '<article class="card"><h2><a href="/1?a=1&amp;b=2">Roof &amp; more</a></h2><p>Text <b>bold</b></p><table><tr><td>1</td></tr></table><ul><li>x</li></ul></article>';
const SHARDS = [
  '<',
  '>',
  '"',
  "'",
  '=',
  '/',
  '&',
  '&#',
  '<!--',
  '-->',
  '</',
  '<![CDATA[',
  '\0',
  '<table>',
  '<b>',
  '</b>',
  '<svg>',
  '<script>',
  '<a href=',
  ' a=1',
];

function mutations(count: number): HostilePage[] {
  return Array.from({ length: count }, (_, seed) => ({
    name: `mutation ${seed} of a listing`,
    build: () => mutate(`<!doctype html><html><body>${CARD.repeat(40)}</body></html>`, seededRandom(seed + 1)),
  }));
}

function mutate(markup: string, random: () => number): string {
  let text = markup;
  for (let change = 0; change < 200; change += 1) {
    const from = Math.floor(random() * text.length);
    const cut = Math.floor(random() * 20);
    const shard = SHARDS[Math.floor(random() * SHARDS.length)] ?? '';
    text = text.slice(0, from) + shard.repeat(Math.floor(random() * 4)) + text.slice(from + cut);
  }
  return text;
}

/** Over 200 pages, the same in every run. */
export function listHostilePages(): HostilePage[] {
  return [
    ...nesting(),
    ...attributes(),
    ...unclosed(),
    ...misnested(),
    ...tables(),
    ...comments(),
    ...entities(),
    ...texts(),
    ...foreign(),
    ...raw(),
    ...crowds(),
    ...mutations(60),
  ];
}
