import { describe, expect, it } from 'vitest';
import type { HttpOutcome } from './http-outcome.ts';
import { findingOf } from './robots-finding.ts';

const TOKEN = 'EkoLeadBot';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function answer(
  status: number,
  body = '',
  headers: Record<string, string> = { 'content-type': 'text/plain' },
): HttpOutcome {
  return { kind: 'response', status, headers, body: Buffer.from(body), wireBytes: body.length, durationMs: 1 };
}

const ROBOTS = [
  'User-agent: other',
  'Crawl-delay: 60',
  '',
  'User-agent: EkoLeadBot',
  'Crawl-delay: 2.5',
  'Disallow: /private',
  'Sitemap: https://example.com/sitemap.xml',
].join('\n');

describe('findingOf', () => {
  it('keeps of a file only what is read of it, up to the end of a line', () => {
    const { body, outcome } = findingOf(answer(200, `${ROBOTS}\n${'# padding of a file\n'.repeat(500_000)}`), 0, TOKEN);
    expect(outcome).toBe('rules');
    expect(body?.length).toBeLessThanOrEqual(500 * 1024);
    expect(body?.startsWith(ROBOTS)).toBe(true);
    expect(body?.endsWith('file')).toBe(true);
  });

  it('takes a file as rules for a day, with our delay and its sitemaps', () => {
    expect(findingOf(answer(200, ROBOTS), 3, TOKEN)).toEqual({
      outcome: 'rules',
      httpStatus: 200,
      body: ROBOTS,
      reason: null,
      failures: 0,
      crawlDelayMs: 2_500,
      sitemaps: ['https://example.com/sitemap.xml'],
      freshForMs: DAY_MS,
    });
    expect(findingOf(answer(200, ROBOTS), 0, 'Another').crawlDelayMs).toBeNull();
  });

  it.each([
    ['an empty file', ''],
    ['a file with a byte order mark', '\uFEFFUser-agent: *\nDisallow: /'],
    ['a file that is not UTF-8', 'User-agent: *\nDisallow: /caf\ufffd'],
  ])('takes %s as rules', (_says, body) => {
    expect(findingOf(answer(200, body), 0, TOKEN).outcome).toBe('rules');
  });

  it.each([400, 401, 403, 404, 410, 451])('takes status %i for "no rules", for a day', (status) => {
    const finding = findingOf(answer(status, 'User-agent: *\nDisallow: /'), 2, TOKEN);
    expect(finding).toMatchObject({ outcome: 'none', httpStatus: status, body: null, failures: 0, freshForMs: DAY_MS });
  });

  it.each([202, 206, 429, 500, 502, 503, 520, 304])('takes status %i for "unreachable"', (status) => {
    expect(findingOf(answer(status, ROBOTS), 0, TOKEN)).toMatchObject({
      outcome: 'unreachable',
      httpStatus: status,
      body: null,
      reason: `status ${status}`,
      crawlDelayMs: null,
      sitemaps: [],
    });
  });

  it.each<[string, HttpOutcome]>([
    ['a web page by its type', answer(200, 'User-agent: *', { 'content-type': 'Text/HTML; charset=utf-8' })],
    ['a web page by its look', answer(200, '\n <!doctype html><title>Just a moment...</title>', {})],
    [
      'no answer at all',
      { kind: 'failed', failure: 'network', message: 'read ECONNRESET', wireBytes: 0, durationMs: 1 },
    ],
  ])('takes %s for "unreachable"', (_says, outcome) => {
    expect(findingOf(outcome, 0, TOKEN)).toMatchObject({ outcome: 'unreachable', reason: expect.stringMatching(/./) });
  });

  it('lets the host wait longer each time, and begins anew after an answer', () => {
    const waits = [0, 1, 2, 3, 4, 100].map((failures) => findingOf(answer(503), failures, TOKEN));
    expect(waits.map(({ freshForMs }) => freshForMs / MINUTE_MS)).toEqual([1, 5, 15, 60, 60, 60]);
    expect(waits.map(({ failures }) => failures)).toEqual([1, 2, 3, 4, 5, 101]);
  });
});
