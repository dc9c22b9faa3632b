import { describe, expect, it } from 'vitest';
import { BLOCK_PAGES } from '#test/pages/block-pages.ts';
import { GOOD_PAGES } from '#test/pages/good-pages.ts';
import { LOGIN_PAGES } from '#test/pages/login-pages.ts';
import type { SamplePage } from '#test/pages/sample-page.ts';
import { BLOCK_SIGNATURES } from './block-signatures.ts';
import { type InspectedPage, inspectPage } from './inspect-page.ts';

const ASKED = 'https://example.com/list';
const RESULTS = '<table id="results">';
const EXPECT = { results: [RESULTS, '"features":'], empty: ['No permits were found'] };

function inspect(sample: Partial<SamplePage>, more: Partial<InspectedPage> = {}) {
  const { status = 200, headers = { 'content-type': 'text/html' }, text = '', finalUrl = ASKED, medianBytes } = sample;
  return inspectPage({ status, headers, text, url: ASKED, finalUrl, ...(medianBytes ? { medianBytes } : {}), ...more });
}

describe('inspectPage', () => {
  it.each(BLOCK_PAGES.map((page) => [page.says, page] as const))('knows a block page: %s', (_says, page) => {
    const inspection = inspect(page);
    expect(inspection).toMatchObject({ kind: 'blocked' });
    expect(inspection.score).toBeGreaterThanOrEqual(3);
    // Whoever reads the verdict sees what it rests on.
    expect(inspection.evidence.every(({ rule, detail }) => rule !== '' && detail !== '')).toBe(true);
    expect(inspect(page, { expect: EXPECT }).kind).toBe('blocked');
  });

  it.each(BLOCK_PAGES.map((page) => [page.says, page] as const))(
    'lets what was expected overrule every mark: %s',
    (_says, page) => {
      const text = `${page.text}${RESULTS}`;
      const inspection = inspect({ ...page, text }, { expect: EXPECT });
      const isSuccess = (page.status ?? 200) < 300;
      expect(inspection).toMatchObject({ kind: isSuccess ? 'results' : 'unmarked', score: 0 });
    },
  );

  it.each(GOOD_PAGES.map((page) => [page.says, page] as const))(
    'finds nothing against a good page: %s',
    (_says, page) => {
      const inspection = inspect(page);
      expect(inspection).toMatchObject({ kind: 'unmarked' });
      expect(inspection.score).toBeLessThan(3);
    },
  );

  it.each(LOGIN_PAGES.map((page) => [page.says, page] as const))('knows a login page: %s', (_says, page) => {
    expect(inspect(page).kind).toBe('auth-wall');
    expect(inspect(page, { expect: EXPECT }).kind).toBe('auth-wall');
    if (page.status === undefined) {
      expect(inspect({ ...page, text: `${page.text}${RESULTS}` }, { expect: EXPECT }).kind).toBe('results');
    }
  });

  it('has at least 40 block pages and a page for every signature of a product', () => {
    expect(BLOCK_PAGES.length).toBeGreaterThanOrEqual(40);
    const seen = new Set(
      BLOCK_PAGES.concat(GOOD_PAGES).flatMap((page) => inspect(page).evidence.map(({ rule }) => rule)),
    );
    const unseen = BLOCK_SIGNATURES.signatures.filter(({ rule, weight }) => weight === 3 && !seen.has(rule));
    expect(unseen.map(({ rule }) => rule)).toEqual([]);
  });

  it('has signatures with names of their own, in lower case throughout', () => {
    const { signatures } = BLOCK_SIGNATURES;
    expect(new Set(signatures.map(({ rule }) => rule)).size).toBe(signatures.length);
    expect(JSON.stringify(signatures)).toBe(JSON.stringify(signatures).toLowerCase());
  });
});

describe('inspectPage with an expectation', () => {
  it.each([
    ['results', 'results', `<p>x</p>${RESULTS}<tr>`],
    ['one of several marks', 'results', '{"features":[1]}'],
    ['nothing found', 'empty', '<p>No permits were found</p>'],
    ['results beside a hidden "nothing found"', 'results', `<p hidden>No permits were found</p>${RESULTS}`],
    ['neither', 'layout-changed', '<p>Welcome to our new portal</p>'],
    ['another spelling of the mark', 'layout-changed', '<TABLE ID="results">'],
    ['an empty body', 'layout-changed', ''],
  ])('tells %s', (_says, kind, text) => {
    expect(inspect({ text }, { expect: EXPECT }).kind).toBe(kind);
  });

  it('finds a mark far behind the part in which block pages are looked for', () => {
    const text = `<script>${'x'.repeat(600_000)}</script>${RESULTS}`;
    expect(inspect({ text }, { expect: EXPECT }).kind).toBe('results');
  });

  it('takes an empty mark for none', () => {
    expect(inspect({ text: 'x' }, { expect: { results: [''] } }).kind).toBe('layout-changed');
  });

  it('calls no answer with another status a changed layout', () => {
    for (const status of [404, 500, 403])
      expect(inspect({ status, text: 'x' }, { expect: EXPECT }).kind).toBe('unmarked');
  });

  it('notes JSON where a page is due, and a page where JSON is due', () => {
    const rules = (sample: Partial<SamplePage>, more = {}) => inspect(sample, more).evidence.map(({ rule }) => rule);
    expect(rules({ text: '{"error":1}', headers: {} }, { expect: { results: [RESULTS] } })).toEqual(['json-for-html']);
    expect(rules({ text: '\n<html>', headers: { 'content-type': 'application/json' } })).toEqual(['html-for-json']);
    expect(rules({ text: '{"a":1}', headers: {} }, { expect: { results: ['"features"'] } })).toEqual([]);
  });
});

describe('inspectPage on hostile pages', () => {
  const MEGABYTES = 4 * 1024 * 1024;
  const fill = (piece: string) => piece.repeat(Math.ceil(MEGABYTES / piece.length));

  it.each([
    ['unclosed tags', fill('<div>')],
    ['closing tags of nothing', fill('</x>')],
    ['open angle brackets', fill('<')],
    ['an endless tag', `<div ${fill('a')}`],
    ['attributes without end', `<div ${fill('a=b ')}`],
    ['an endless attribute value', `<input type="${fill('p')}`],
    ['quotes', `<a ${fill('"\' ')}`],
    ['comments that never end', fill('<!--')],
    ['scripts that never end', fill('<script>')],
    ['titles that never end', `<title>${fill('<title>')}`],
    ['references', fill('&amp;&#35;&')],
    ['white space', fill(' \n\t')],
    ['white space before a brace', `${fill(' ')}{`],
    ['braces', fill('{[')],
    ['NUL and half characters', fill('\0\ud800<')],
  ])('is done at once with %s', (_says, text) => {
    const started = performance.now();
    for (let count = 0; count < 3; count += 1) inspect({ text }, { expect: EXPECT });
    // Some 20 ms each on an idle machine; a quadratic step would take minutes.
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(inspect({ text }).kind).toBe('unmarked');
  });
});
