import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormattingList } from './formatting-list.ts';
import { type HtmlParser, openPage } from './open-page.ts';
import { PARSE_LIMITS, type ParseLimits } from './parse-limits.ts';

const LIMITS: ParseLimits = {
  markupCharsMax: 100_000,
  textCharsMax: 99_500,
  depthMax: 20,
  attributesMax: 10,
  nodesMax: 1_000,
  topLevelMax: 50,
  fosteredMax: 30,
};

const page = (inside: string) => `<!doctype html><html><head><title>t</title></head><body>${inside}</body></html>`;
const attributes = (count: number) =>
  `<p ${Array.from({ length: count }, (_, index) => `a${index}=1`).join(' ')}>x</p>`;

async function refusal(markup: string, htmlParser: HtmlParser): Promise<unknown> {
  try {
    await openPage(markup, htmlParser, LIMITS);
    return null;
  } catch (error) {
    return (error as { context?: { limit?: string } }).context?.limit;
  }
}

describe.each<HtmlParser>(['slim', 'parse5'])('a page for %s', (htmlParser) => {
  // html, body and the text are levels too.
  it.each([
    ['depthMax', page(`${'<div>'.repeat(17)}x`), page(`${'<div>'.repeat(20)}x`)],
    ['attributesMax', page(attributes(10)), page(attributes(11))],
    ['nodesMax', page('<br>'.repeat(900)), page('<br>'.repeat(1_001))],
    ['markupCharsMax', page('x'.repeat(99_000)), page('x'.repeat(100_000))],
  ])('may reach but not pass %s', async (limit, within, beyond) => {
    expect(await refusal(within, htmlParser)).toBeNull();
    expect(await refusal(beyond, htmlParser)).toBe(limit);
  });

  it('counts a text with entities as one node, and attributes of every tag afresh', async () => {
    expect(await refusal(page(`<p>${'&amp;x'.repeat(2_000)}</p>`), htmlParser)).toBeNull();
    expect(await refusal(page(attributes(10).repeat(100)), htmlParser)).toBeNull();
  });

  it('names the limit, the value and what is allowed', async () => {
    await expect(openPage(page(attributes(11)), htmlParser, LIMITS)).rejects.toMatchObject({
      code: 'parse_limit',
      message: 'The page has a tag with more than 10 attributes',
      context: { limit: 'attributesMax', value: 11, max: 10 },
    });
  });
});

describe('a page for slim', () => {
  it('may not have many nodes outside of any element', async () => {
    expect(await refusal('<i></i>'.repeat(50), 'slim')).toBeNull();
    expect(await refusal('<i></i>'.repeat(51), 'slim')).toBe('topLevelMax');
    expect(await refusal('<i></i>'.repeat(51), 'parse5')).toBeNull();
  });
});

describe('a page for parse5', () => {
  const LETTERS = 'x'.repeat(99_501);
  const HALF = 'x'.repeat(49_751);

  it.each([
    ['one text', LETTERS],
    ['several texts', `<p>${HALF}<p>${HALF}`],
    ['text with entities', `${HALF}&amp;${HALF}`],
    ['a comment', `<!--${LETTERS}-->`],
    ['a comment that never ends', `<!--${LETTERS}`],
    ['a value', `<p a="${LETTERS}">`],
    ['several values', `<p a="${HALF}"><p b=${HALF}>`],
    ['a value that never ends', `<p a="${LETTERS}`],
    ['a name', `<${LETTERS}>`],
    ['a tag that closes nothing', `</${LETTERS}>`],
    ['an instruction', `<?${LETTERS}>`],
    ['a script', `<script>${LETTERS}</script>`],
  ])('may not have many characters in %s', async (_where, markup) => {
    expect(await refusal(markup, 'parse5')).toBe('textCharsMax');
    expect(await refusal(markup, 'slim')).toBeNull();
    expect(await refusal(markup.replaceAll('xxx', 'x'), 'parse5')).toBeNull();
  });

  it('may not make it copy formatting without end', async () => {
    const fonts = Array.from({ length: 15 }, (_, index) => `<font size=${index}>`).join('');
    expect(await refusal(page(`<p>${fonts}${'<p>x'.repeat(10)}`), 'parse5')).toBeNull();
    expect(await refusal(page(`<p>${fonts}${'<p>x'.repeat(100)}`), 'parse5')).toBe('nodesMax');
  });

  it('may not make it move much out of tables', async () => {
    expect(await refusal(page(`<table>${'<br>'.repeat(30)}</table>`), 'parse5')).toBeNull();
    expect(await refusal(page(`<table>${'<br>'.repeat(31)}</table>`), 'parse5')).toBe('fosteredMax');
    expect(await refusal(page(`<table>${'<tr><td><br></td></tr> '.repeat(31)}</table>`), 'parse5')).toBeNull();
  });

  it('is looked at again where the library nests what the scan took for neighbours', async () => {
    expect(await refusal(page('<optgroup>'.repeat(40)), 'parse5')).toBe('depthMax');
    expect(await refusal(page(`<!-->${'<div>'.repeat(40)}-->`), 'parse5')).toBe('depthMax');
  });

  it('that breaks the library is unusable', async () => {
    await expect(openPage(page(`&#${'9'.repeat(2_000)};`), 'parse5', PARSE_LIMITS)).rejects.toMatchObject({
      code: 'unusable_body',
    });
  });
});

describe('the list of open formatting', () => {
  it('counts what the next block opens again', () => {
    const list = new FormattingList();
    list.open('b', {});
    list.open('font', { size: '1' });
    expect(list.openCount).toBe(2);
    list.close('font', false);
    list.close('b', true);
    expect(list.openCount).toBe(1);
    list.close('b', false);
    expect(list.openCount).toBe(0);
  });

  it('keeps three of a sort, and one link', () => {
    const list = new FormattingList();
    for (let count = 0; count < 10; count += 1) list.open('b', { class: 'x', id: 'y' });
    expect(list.openCount).toBe(3);
    for (let count = 0; count < 10; count += 1) list.open('a', { href: `/${count}` });
    expect(list.openCount).toBe(4);
  });

  it('begins again in a cell, and goes on behind it', () => {
    const list = new FormattingList();
    list.open('b', {});
    list.open('td', {});
    expect(list.openCount).toBe(0);
    list.open('i', {});
    list.close('b', false);
    expect(list.openCount).toBe(1);
    list.close('td', true);
    expect(list.openCount).toBe(1);
  });
});

it('makes of any markup within the limits what cheerio makes of it', async () => {
  const piece = fc.constantFrom(
    '<p>',
    '</p>',
    '<b a=1>',
    '</b>',
    '<table>',
    '<td>',
    'x&amp;y',
    '<!-- c -->',
    '<br>',
    '</div>',
    '<div>',
  );
  const { load: loadSlim } = await import('cheerio/slim');
  const { load } = await import('cheerio');
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const markup = pieces.join('');
      expect((await openPage(markup, 'slim', PARSE_LIMITS)).html()).toBe(loadSlim(markup).html());
      expect((await openPage(markup, 'parse5', PARSE_LIMITS)).html()).toBe(load(markup).html());
    }),
    { numRuns: 50 },
  );
});
