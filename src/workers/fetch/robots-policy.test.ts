import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crawlDelayMs, isAllowed, parseRobots } from './robots-policy.ts';

const TOKEN = 'EkoLeadBot';
const url = (path: string) => `https://example.com${path}`;
const rules = (...lines: string[]) => ['User-agent: *', ...lines].join('\n');

interface Case {
  says: string;
  robots: string;
  path: string;
  allowed: boolean;
  line: number | null;
}

const CASES: Case[] = [
  { says: 'an empty file allows all', robots: '', path: '/a', allowed: true, line: null },
  { says: 'Disallow: / forbids all', robots: rules('Disallow: /'), path: '/a', allowed: false, line: 2 },
  { says: 'an empty Disallow forbids nothing', robots: rules('Disallow:'), path: '/a', allowed: true, line: null },
  { says: 'a prefix matches', robots: rules('Disallow: /a'), path: '/abc', allowed: false, line: 2 },
  { says: 'paths are case sensitive', robots: rules('Disallow: /A'), path: '/a', allowed: true, line: null },
  { says: 'names of records are not', robots: 'USER-AGENT: *\ndisALLOW: /a', path: '/a', allowed: false, line: 2 },
  {
    says: '/robots.txt is always allowed',
    robots: rules('Disallow: /'),
    path: '/robots.txt',
    allowed: true,
    line: null,
  },
  {
    says: 'the longest match wins',
    robots: rules('Disallow: /a', 'Allow: /a/b'),
    path: '/a/b/c',
    allowed: true,
    line: 3,
  },
  {
    says: 'order does not matter',
    robots: rules('Allow: /a/b', 'Disallow: /a'),
    path: '/a/x',
    allowed: false,
    line: 3,
  },
  { says: 'allow wins a tie', robots: rules('Disallow: /page', 'Allow: /page'), path: '/page', allowed: true, line: 3 },
  { says: 'a star matches anything', robots: rules('Disallow: /*.php'), path: '/a/b.php?x', allowed: false, line: 2 },
  { says: 'a star matches nothing too', robots: rules('Disallow: /a*b'), path: '/ab', allowed: false, line: 2 },
  {
    says: 'a star counts as an octet',
    robots: rules('Allow: /page', 'Disallow: /*.htm'),
    path: '/page.htm',
    allowed: false,
    line: 3,
  },
  {
    says: 'equal length with a star: allow',
    robots: rules('Allow: /page', 'Disallow: /*.ph'),
    path: '/page.php5',
    allowed: true,
    line: 2,
  },
  { says: 'a dollar ends the path', robots: rules('Disallow: /*.gif$'), path: '/x.gif', allowed: false, line: 2 },
  {
    says: 'a dollar does not match more',
    robots: rules('Disallow: /*.gif$'),
    path: '/x.gif?y',
    allowed: true,
    line: null,
  },
  {
    says: 'Allow: /$ frees the front page only',
    robots: rules('Disallow: /', 'Allow: /$'),
    path: '/',
    allowed: true,
    line: 3,
  },
  { says: 'and not the others', robots: rules('Disallow: /', 'Allow: /$'), path: '/x', allowed: false, line: 2 },
  { says: 'a dollar in the middle is itself', robots: rules('Disallow: /a$b'), path: '/a$b', allowed: false, line: 2 },
  { says: 'an escaped dollar is itself', robots: rules('Disallow: /a%24'), path: '/a$bc', allowed: false, line: 2 },
  { says: 'an escaped star is itself', robots: rules('Disallow: /a%2A'), path: '/ab', allowed: true, line: null },
  { says: 'an escaped star matches a star', robots: rules('Disallow: /a%2A'), path: '/a*', allowed: false, line: 2 },
  {
    says: 'a pattern may start with a star',
    robots: rules('Disallow: *.pdf'),
    path: '/x/y.pdf',
    allowed: false,
    line: 2,
  },
  {
    says: 'a pattern without a slash matches nothing',
    robots: rules('Disallow: private'),
    path: '/private',
    allowed: true,
    line: null,
  },
  { says: 'the query is compared', robots: rules('Disallow: /s?q='), path: '/s?q=x', allowed: false, line: 2 },
  {
    says: 'a rule for a query spares the path',
    robots: rules('Disallow: /s?q='),
    path: '/s',
    allowed: true,
    line: null,
  },
  { says: '/%62az in the URL matches /baz', robots: rules('Disallow: /baz'), path: '/%62az', allowed: false, line: 2 },
  {
    says: '/%62%61%7A in the file matches /baz',
    robots: rules('Disallow: /%62%61%7A'),
    path: '/baz',
    allowed: false,
    line: 2,
  },
  { says: '%2F is not a slash', robots: rules('Disallow: /a/b'), path: '/a%2Fb', allowed: true, line: null },
  { says: '%2f equals %2F', robots: rules('Disallow: /a%2fb'), path: '/a%2Fb', allowed: false, line: 2 },
  {
    says: 'UTF-8 in the file matches escapes',
    robots: rules('Disallow: /foo/ツ'),
    path: '/foo/%E3%83%84',
    allowed: false,
    line: 2,
  },
  {
    says: 'escapes in the file match UTF-8',
    robots: rules('Disallow: /foo/%e3%83%84'),
    path: '/foo/ツ',
    allowed: false,
    line: 2,
  },
  {
    says: 'brackets and pipes match their escapes',
    robots: rules('Disallow: /a[1]|b'),
    path: '/a%5B1%5D%7Cb',
    allowed: false,
    line: 2,
  },
  {
    says: 'and the other way round',
    robots: rules('Disallow: /a%5B1%5D%7Cb'),
    path: '/a[1]|b',
    allowed: false,
    line: 2,
  },
  { says: 'a blank matches %20', robots: rules('Disallow: /a b'), path: '/a%20b', allowed: false, line: 2 },
  {
    says: 'reserved octets in a query match their escapes',
    robots: rules('Disallow: /f?b=https://foo.bar'),
    path: '/f?b=https%3A%2F%2Ffoo.bar',
    allowed: false,
    line: 2,
  },
  { says: 'and themselves', robots: rules('Disallow: /*/print'), path: '/a?back=/print', allowed: false, line: 2 },
  { says: 'a lone percent sign is itself', robots: rules('Disallow: /100%'), path: '/100%', allowed: false, line: 2 },
  {
    says: 'the own group replaces the star group',
    robots: 'User-agent: *\nDisallow: /\n\nUser-agent: EkoLeadBot\nDisallow: /x',
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'tokens are compared without case',
    robots: 'User-agent: ekoleadbot\nDisallow: /',
    path: '/a',
    allowed: false,
    line: 2,
  },
  {
    says: 'a version after the token is ignored',
    robots: 'User-agent: EkoLeadBot/0.1\nDisallow: /',
    path: '/a',
    allowed: false,
    line: 2,
  },
  {
    says: 'a longer token is another product',
    robots: 'User-agent: EkoLeadBot-Image\nDisallow: /',
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'a token with digits is another product',
    robots: 'User-agent: EkoLeadBot2\nDisallow: /',
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'a shorter token is another product',
    robots: 'User-agent: Eko\nDisallow: /',
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'an own group without rules allows all',
    robots: 'User-agent: *\nDisallow: /\nUser-agent: EkoLeadBot',
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'groups of one token merge',
    robots:
      'User-agent: EkoLeadBot\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: EkoLeadBot\nDisallow: /b',
    path: '/b',
    allowed: false,
    line: 8,
  },
  {
    says: 'star groups merge',
    robots: 'User-agent: *\nDisallow: /a\nUser-agent: *\nDisallow: /b',
    path: '/a',
    allowed: false,
    line: 2,
  },
  {
    says: 'consecutive agents share a group',
    robots: 'User-agent: a\nUser-agent: EkoLeadBot\nUser-agent: b\nDisallow: /',
    path: '/x',
    allowed: false,
    line: 4,
  },
  {
    says: 'a Sitemap between agents does not end the group',
    robots: 'User-agent: EkoLeadBot\nSitemap: https://example.com/s.xml\nUser-agent: b\nDisallow: /',
    path: '/x',
    allowed: false,
    line: 4,
  },
  {
    says: 'an unknown record does not either',
    robots: 'User-agent: EkoLeadBot\nNoindex: /x\n\nDisallow: /y',
    path: '/y',
    allowed: false,
    line: 4,
  },
  {
    says: 'a Crawl-delay does not either',
    robots: 'User-agent: EkoLeadBot\nCrawl-delay: 1\nUser-agent: b\nDisallow: /',
    path: '/x',
    allowed: false,
    line: 4,
  },
  {
    says: 'a blank line does not end a group',
    robots: 'User-agent: *\n\n\nDisallow: /',
    path: '/x',
    allowed: false,
    line: 4,
  },
  {
    says: 'rules before any agent are ignored',
    robots: 'Disallow: /\nUser-agent: *\nDisallow: /x',
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'a byte order mark is skipped',
    robots: `\uFEFF${rules('Disallow: /')}`,
    path: '/a',
    allowed: false,
    line: 2,
  },
  {
    says: 'CR alone ends a line',
    robots: 'User-agent: *\rDisallow: /a\rAllow: /a/b',
    path: '/a/b',
    allowed: true,
    line: 3,
  },
  {
    says: 'CRLF ends one line, not two',
    robots: 'User-agent: *\r\nDisallow: /a\r\n',
    path: '/a',
    allowed: false,
    line: 2,
  },
  {
    says: 'comments are cut',
    robots: '# all\nUser-agent: * # everybody\nDisallow: /a # not here',
    path: '/a',
    allowed: false,
    line: 3,
  },
  {
    says: 'blanks around the colon are forgiven',
    robots: 'User-agent : *\n  Disallow\t:\t/a  ',
    path: '/a',
    allowed: false,
    line: 2,
  },
  { says: 'a missing colon is forgiven', robots: 'User-agent *\nDisallow /a', path: '/a', allowed: false, line: 2 },
  {
    says: 'a missing colon is forgiven where the path has one',
    robots: rules('Disallow /a:b'),
    path: '/a:b',
    allowed: false,
    line: 2,
  },
  { says: 'a common misspelling forbids', robots: rules('Dissallow: /a'), path: '/a', allowed: false, line: 2 },
  {
    says: 'names of object members are not records',
    robots: rules('constructor: /', '__proto__: /'),
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'the query is compared octet for octet',
    robots: rules('Disallow: /s?a=1&b=2'),
    path: '/s?b=2&a=1',
    allowed: true,
    line: null,
  },
  {
    says: 'UTF-8 that differs in one byte is another path',
    robots: rules('Disallow: /foo/ツ'),
    path: '/foo/ッ',
    allowed: true,
    line: null,
  },
  {
    says: 'length counts octets, not characters: three of a letter outweigh eight',
    robots: rules('Allow: /*aaaaaa', 'Disallow: /ツ'),
    path: '/ツaaaaaa',
    allowed: false,
    line: 3,
  },
  {
    says: 'composed and decomposed letters are different octets',
    robots: rules('Disallow: /\u00e4'),
    path: '/a\u0308',
    allowed: true,
    line: null,
  },
  {
    says: 'a star behind the end changes nothing but the length',
    robots: rules('Allow: /a', 'Disallow: /a*'),
    path: '/a',
    allowed: false,
    line: 3,
  },
  { says: 'two stars are one', robots: rules('Disallow: /a**b'), path: '/axxb', allowed: false, line: 2 },
  {
    says: 'a star before the dollar undoes it',
    robots: rules('Disallow: /a*$'),
    path: '/abc',
    allowed: false,
    line: 2,
  },
  { says: 'a lone star forbids all', robots: rules('Disallow: *'), path: '/a', allowed: false, line: 2 },
  { says: 'a lone dollar matches nothing', robots: rules('Disallow: $'), path: '/', allowed: true, line: null },
  { says: '%2A in the URL is a star', robots: rules('Disallow: /a%2Ab'), path: '/a%2ab', allowed: false, line: 2 },
  {
    says: 'a literal star takes no part of a path',
    robots: rules('Disallow: /a%2Ab'),
    path: '/axb',
    allowed: true,
    line: null,
  },
  { says: '%24 in the URL is a dollar', robots: rules('Disallow: /a$b'), path: '/a%24b', allowed: false, line: 2 },
  {
    says: 'dots in the path are resolved before',
    robots: rules('Disallow: /b'),
    path: '/a/../b',
    allowed: false,
    line: 2,
  },
  {
    says: 'a doubled slash is not a single one',
    robots: rules('Disallow: /a/b'),
    path: '/a//b',
    allowed: true,
    line: null,
  },
  {
    says: 'an empty Allow frees nothing',
    robots: rules('Disallow: /', 'Allow:'),
    path: '/a',
    allowed: false,
    line: 2,
  },
  {
    says: 'a group of others between our two does not leak into them',
    robots: 'User-agent: EkoLeadBot\nAllow: /x\nUser-agent: other\nDisallow: /\nUser-agent: ekoleadbot\nDisallow: /y',
    path: '/z',
    allowed: true,
    line: null,
  },
  {
    says: 'merged groups weigh their rules together',
    robots: 'User-agent: EkoLeadBot\nDisallow: /a\nUser-agent: *\nDisallow: /\nUser-agent: EkoLeadBot\nAllow: /a/b',
    path: '/a/b',
    allowed: true,
    line: 6,
  },
  {
    says: 'a star beside our token counts for us',
    robots: 'User-agent: EkoLeadBot\nUser-agent: *\nDisallow: /a',
    path: '/a',
    allowed: false,
    line: 3,
  },
  {
    says: 'an agent without a name is nobody',
    robots: 'User-agent:\nDisallow: /',
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'a browser-like agent that mentions us is not us',
    robots: 'User-agent: Mozilla/5.0 (compatible; EkoLeadBot)\nDisallow: /',
    path: '/a',
    allowed: true,
    line: null,
  },
  {
    says: 'a file of CR only with a comment, a Sitemap and two agents',
    robots: '# x\rUser-agent: a\rSitemap: https://example.com/s.xml\rUser-agent: *\rDisallow: /a\r',
    path: '/a',
    allowed: false,
    line: 5,
  },
  {
    says: 'mixed line ends are counted one by one',
    robots: 'User-agent: *\n\r\n\rDisallow: /a',
    path: '/a',
    allowed: false,
    line: 4,
  },
  {
    says: 'a byte order mark before a comment',
    robots: `\uFEFF# all\nUser-agent: *\nDisallow: /`,
    path: '/a',
    allowed: false,
    line: 3,
  },
  {
    says: 'NUL in a line hides nothing but itself',
    robots: rules('Dis\0allow: /', 'Disallow: /a'),
    path: '/a',
    allowed: false,
    line: 3,
  },
  {
    says: 'a web page has no rules',
    robots: '<html>\n<p>User-agent: *</p>\n<p>Disallow: /</p>',
    path: '/a',
    allowed: true,
    line: null,
  },
  { says: 'the fragment does not count', robots: rules('Disallow: /a$'), path: '/a#top', allowed: false, line: 2 },
];

/** Everything that is odd in a path, in any order. fast-check's own paths take seconds to set up. */
const somePath = fc
  .array(
    fc.constantFrom(
      ...['/', 'a', 'b', '.', '~', ';', '%2F', '%61', '%2a', '%', '*', '$', ' ', '[', '|', '?', '=', '&', 'ä', 'ツ'],
    ),
  )
  .map((parts) => `/${parts.join('')}`);

describe('isAllowed', () => {
  it.each(CASES)('$says', ({ robots, path, allowed, line }) => {
    expect(isAllowed(robots, TOKEN, url(path))).toEqual({ allowed, line });
  });

  it('takes the leading token of a full User-Agent', () => {
    const robots = 'User-agent: EkoLeadBot\nDisallow: /\nUser-agent: *\nAllow: /';
    expect(isAllowed(robots, 'EkoLeadBot/0.1 (+https://example.com/bot)', url('/a')).allowed).toBe(false);
  });

  it('reads 500 KiB and drops the line that the limit cuts', () => {
    const head = `${rules('Disallow: /early')}\n`;
    const filler = `${'# '.padEnd(99, 'x')}\n`.repeat(5200);
    const padded = head + filler.slice(0, 500 * 1024 - head.length - 12);
    const robots = `${padded}\nDisallow: /late\nDisallow: /later`;
    expect(isAllowed(robots, TOKEN, url('/early')).allowed).toBe(false);
    expect(isAllowed(robots, TOKEN, url('/late')).allowed).toBe(true);
    // Had the cut line been kept, "Disallow: /" would forbid everything.
    expect(isAllowed(robots, TOKEN, url('/x')).allowed).toBe(true);
  });

  it('stays fast with 20,000 wildcard rules and with a pattern made to backtrack', () => {
    const many = rules(...Array.from({ length: 20_000 }, (_, index) => `Disallow: /*a*${index}*z$`));
    const hostile = rules(`Disallow: /${'a*'.repeat(2000)}$x`, `Disallow: /${'*a'.repeat(2000)}$`);
    const started = performance.now();
    expect(isAllowed(many, TOKEN, url(`/${'a'.repeat(2000)}`)).allowed).toBe(true);
    expect(isAllowed(hostile, TOKEN, url(`/${'a'.repeat(1900)}b`)).allowed).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('answers every text, and a longer equal rule for the same path never loses', () => {
    fc.assert(
      fc.property(fc.uint16Array(), somePath, (codes, path) => {
        const verdict = isAllowed(rules(`Disallow: /${String.fromCharCode(...codes)}`), TOKEN, url(path));
        return typeof verdict.allowed === 'boolean' && (verdict.allowed || verdict.line !== null);
      }),
    );
    fc.assert(
      fc.property(somePath, (path) => {
        const { pathname } = new URL(url(path));
        if (pathname === '/robots.txt') return true;
        const literal = pathname.replaceAll('*', '%2A').replaceAll('$', '%24');
        const forbidden = isAllowed(rules('Allow: /', `Disallow: ${literal}`), TOKEN, url(path));
        return pathname === '/' ? forbidden.allowed : !forbidden.allowed && forbidden.line === 3;
      }),
    );
  });

  it('gives the same verdict however the path is escaped', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abz09-._~ツä'), minLength: 1, maxLength: 8 });
    const escapeAll = (text: string) =>
      [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    fc.assert(
      fc.property(word, (name) => {
        fc.pre(name !== '.' && name !== '..');
        const robots = rules(`Disallow: /p/${name}`);
        return (
          !isAllowed(robots, TOKEN, url(`/p/x${name}`).replace('/p/x', '/p/')).allowed &&
          !isAllowed(rules(`Disallow: /p/${escapeAll(name)}`), TOKEN, url(`/p/${name}`)).allowed
        );
      }),
    );
  });
});

describe('crawlDelayMs', () => {
  it.each([
    ['Crawl-delay: 10', 10_000],
    ['crawl-delay: 0.5', 500],
    ['Crawl-delay: 0', 0],
    ['Crawl-delay: 86400', 86_400_000],
    ['Crawl-delay: -5', null],
    ['Crawl-delay: Infinity', null],
    ['Crawl-delay: 1e9', null],
    ['Crawl-delay: +5', null],
    ['Crawl-delay: 5s', null],
    ['Crawl-delay: 0x10', null],
    ['Crawl-delay: NaN', null],
    ['Crawl-delay: 5 # seconds', 5_000],
    ['Crawl-delay: .25', 250],
    ['Crawl-delay:', null],
    ['Crawl-delay: soon', null],
    ['', null],
  ])('reads %j as %j', (line, expected) => {
    expect(crawlDelayMs(rules(line), TOKEN)).toBe(expected);
  });

  it('takes the own group, and the largest where several are named', () => {
    const robots =
      'User-agent: *\nCrawl-delay: 60\nDisallow:\n\nUser-agent: EkoLeadBot\nCrawl-delay: 3\nCrawl-delay: 2';
    expect(crawlDelayMs(robots, TOKEN)).toBe(3000);
    expect(crawlDelayMs(robots, 'Other')).toBe(60_000);
  });

  it('never takes that of another agent', () => {
    const robots = 'User-agent: other\nCrawl-delay: 60\n\nUser-agent: EkoLeadBot\nDisallow:';
    expect(crawlDelayMs(robots, TOKEN)).toBeNull();
    expect(crawlDelayMs('User-agent: other\nCrawl-delay: 60', TOKEN)).toBeNull();
    expect(crawlDelayMs(`User-agent: *\nCrawl-delay: 60\n\n${robots}`, TOKEN)).toBeNull();
    expect(crawlDelayMs('Crawl-delay: 60\nUser-agent: *\nDisallow:', TOKEN)).toBeNull();
  });

  it('belongs to the agents before it, also where a rule follows for more of them', () => {
    const between = 'User-agent: EkoLeadBot\nCrawl-delay: 4\nUser-agent: b\nDisallow: /x';
    expect([crawlDelayMs(between, TOKEN), crawlDelayMs(between, 'b')]).toEqual([4_000, null]);
    const behind = 'User-agent: EkoLeadBot\nUser-agent: b\nDisallow: /x\nCrawl-delay: 4';
    expect([crawlDelayMs(behind, TOKEN), crawlDelayMs(behind, 'b')]).toEqual([4_000, 4_000]);
  });
});

describe('the sitemaps of a file', () => {
  const sitemapsOf = (...lines: string[]) => parseRobots(lines.join('\n')).sitemaps;

  it('are whole addresses, each once, wherever they stand', () => {
    expect(
      sitemapsOf(
        'Sitemap: https://example.com/a.xml',
        'User-agent: other',
        'SITEMAP : http://example.com/b.xml # second',
        'Disallow: /',
        'sitemap: https://cdn.example.org/c.xml?x=1',
        'Sitemap: https://example.com/a.xml',
        'Sitemap https://example.com/d.xml',
      ),
    ).toEqual([
      'https://example.com/a.xml',
      'http://example.com/b.xml',
      'https://cdn.example.org/c.xml?x=1',
      'https://example.com/d.xml',
    ]);
  });

  it.each([
    '/sitemap.xml',
    'sitemap.xml',
    '//example.com/s.xml',
    'ftp://example.com/s.xml',
    'javascript:alert(1)',
    'https://',
    '',
  ])('do not hold %j', (value) => {
    expect(sitemapsOf(`Sitemap: ${value}`)).toEqual([]);
  });

  it('are at most 100, none longer than 2,000 characters', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `Sitemap: https://example.com/${index}.xml`);
    expect(sitemapsOf(...many)).toHaveLength(100);
    expect(sitemapsOf(`Sitemap: https://example.com/${'a'.repeat(2_000)}`)).toEqual([]);
    expect(sitemapsOf(`Sitemap: https://example.com/${'ä'.repeat(1_500)}`)).toEqual([]);
  });
});
