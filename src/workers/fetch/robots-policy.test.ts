import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GROUP_CASES } from '#test/robots/group-cases.ts';
import { PATH_CASES } from '#test/robots/path-cases.ts';
import { rules } from '#test/robots/robots-case.ts';
import { crawlDelayMs, isAllowed, parseRobots } from './robots-policy.ts';

const TOKEN = 'EkoLeadBot';
const url = (path: string) => `https://example.com${path}`;

/** Everything that is odd in a path, in any order. fast-check's own paths take seconds to set up. */
const somePath = fc
  .array(
    fc.constantFrom(
      ...['/', 'a', 'b', '.', '~', ';', '%2F', '%61', '%2a', '%', '*', '$', ' ', '[', '|', '?', '=', '&', 'ä', 'ツ'],
    ),
  )
  .map((parts) => `/${parts.join('')}`);

describe('isAllowed', () => {
  it.each([...PATH_CASES, ...GROUP_CASES])('$says', ({ robots, path, allowed, line }) => {
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
    // Some tenths of a second on an idle machine; backtracking would take for ever.
    expect(performance.now() - started).toBeLessThan(15_000);
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
    [`Crawl-delay: ${'9'.repeat(400)}`, 2_147_483_647],
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
