import type { PageEvidence } from '#lib/db/schema/pages.ts';
import type { PageExpectation } from '#lib/scrapers/scraper-context.ts';
import { findAuthWall } from './auth-wall.ts';
import { BLOCK_SIGNATURES } from './block-signatures.ts';
import { isJson, isMarkup, type PageMarks, readPageMarks } from './page-marks.ts';
import { type Condition, MEDIUM, STRONG, WEAK } from './signature.ts';

/** A page as it came, whatever its status. */
export interface InspectedPage {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** Decoded. */
  text: string;
  /** The address asked for. */
  url: string;
  /** The address that answered. */
  finalUrl: string;
  expect?: PageExpectation | undefined;
  /** Rolling median of the decoded size of the source's good pages; null while unknown. */
  medianBytes?: number | null | undefined;
}

export interface PageInspection {
  /**
   * `results`, `empty`: an expected mark is on a page with status 2xx. `unmarked`: nothing speaks against it, but nothing was
   * expected, or its status is not 2xx. `layout-changed`: with status 2xx, and with none of the expected marks.
   */
  kind: 'results' | 'empty' | 'unmarked' | 'blocked' | 'auth-wall' | 'layout-changed';
  /** Sum of the weights that speak for a block; 3 and more is one. 0 where an expected mark was found. */
  score: number;
  /** What spoke for it, or with a negative weight against it. */
  evidence: PageEvidence[];
  /** In lower case; empty where there is none, or where an expected mark made looking needless. */
  title: string;
  /** Of the list of signatures. */
  version: number;
}

const BLOCKED_FROM = STRONG;
/** All weak marks together never block. */
const WEAK_SUM_MAX = 2;
/** Below this part of the usual size there is not much of a page left. */
const SMALL_PART = 0.2;

/**
 * Says what a page is. Pure, and linear in its text: marks of block pages are looked for in the first 256 KiB, the expected
 * ones everywhere. An expected mark vetoes every other one: what the scraper came for is there.
 */
export function inspectPage(page: InspectedPage): PageInspection {
  const { version } = BLOCK_SIGNATURES;
  const isSuccess = page.status >= 200 && page.status < 300;
  const found = findExpected(page);
  if (found !== null) {
    const kind = isSuccess ? found.kind : 'unmarked';
    const detail = `"${found.mark.slice(0, 200)}" is on it`;
    return {
      kind,
      score: 0,
      evidence: [{ rule: `expected-${found.kind}`, weight: -STRONG, detail }],
      title: '',
      version,
    };
  }
  const marks = readPageMarks(page.text);
  const title = marks.places.title[0] ?? '';
  const evidence = [...matchSignatures(page, marks), ...compareWithExpected(page)];
  const score = scoreOf(evidence);
  // A login page may carry a captcha and is small, so only a mark that challenges alone make goes before it.
  if (evidence.some(({ weight }) => weight >= BLOCKED_FROM))
    return { kind: 'blocked', score, evidence, title, version };
  const wall = findAuthWall(page, marks);
  if (wall !== null) return { kind: 'auth-wall', score, evidence: [...evidence, wall], title, version };
  if (score >= BLOCKED_FROM) return { kind: 'blocked', score, evidence, title, version };
  const kind = isSuccess && page.expect !== undefined ? 'layout-changed' : 'unmarked';
  return { kind, score, evidence, title, version };
}

/** Results go before "nothing found": a page may carry the latter hidden. */
function findExpected({ text, expect }: InspectedPage): { kind: 'results' | 'empty'; mark: string } | null {
  for (const [kind, marks] of [
    ['results', expect?.results],
    ['empty', expect?.empty],
  ] as const) {
    const mark = marks?.find((wanted) => wanted !== '' && text.includes(wanted));
    if (mark !== undefined) return { kind, mark };
  }
  return null;
}

function matchSignatures(page: InspectedPage, marks: PageMarks): PageEvidence[] {
  const led = ledTo(page);
  const evidence: PageEvidence[] = [];
  for (const { rule, weight, when } of BLOCK_SIGNATURES.signatures) {
    const details = detailsOf(when, page, marks, led);
    if (details !== null) evidence.push({ rule, weight, detail: details.join('; ') });
  }
  return evidence;
}

/** What fulfils each condition, in words; null as soon as one does not hold. */
function detailsOf(
  conditions: readonly Condition[],
  page: InspectedPage,
  marks: PageMarks,
  led: readonly string[],
): string[] | null {
  const details: string[] = [];
  for (const condition of conditions) {
    const detail = detailOf(condition, page, marks, led);
    if (detail === null) return null;
    if (detail !== '') details.push(detail);
  }
  return details;
}

function detailOf(condition: Condition, page: InspectedPage, marks: PageMarks, led: readonly string[]): string | null {
  if ('short' in condition) return marks.isShort ? '' : null;
  if ('status' in condition) return condition.status.includes(page.status) ? `status ${page.status}` : null;
  if ('header' in condition) {
    const value = page.headers[condition.header]?.toLowerCase();
    if (value === undefined) return null;
    const fits = condition.has === undefined || condition.has.some((part) => value.includes(part));
    return fits ? `header ${condition.header}: ${value.slice(0, 100)}` : null;
  }
  const values = condition.in === 'path' ? led : marks.places[condition.in];
  const mark =
    'is' in condition
      ? condition.is.find((whole) => values.includes(whole))
      : condition.has.find((part) => values.some((value) => value.includes(part)));
  return mark === undefined ? null : `${condition.in} "${mark}"`;
}

/** What of the address is new after redirects: host, path and query, in lower case; nothing without a redirect. */
function ledTo({ url, finalUrl }: InspectedPage): string[] {
  const asked = placeOf(url);
  const answered = placeOf(finalUrl);
  return answered === asked ? [] : [answered];
}

/** With a slash after the path, so that "/captcha/" is a segment wherever it stands. */
function placeOf(address: string): string {
  const url = URL.parse(address);
  return url === null ? '' : `${url.host}${url.pathname}/${url.search}`.toLowerCase();
}

/** What the page lacks in comparison with what was to be expected of it. */
function compareWithExpected({ text, headers, expect, medianBytes }: InspectedPage): PageEvidence[] {
  const evidence: PageEvidence[] = [];
  if (medianBytes !== undefined && medianBytes !== null && text.length < medianBytes * SMALL_PART) {
    const bytes = Buffer.byteLength(text);
    if (bytes < medianBytes * SMALL_PART) {
      evidence.push({
        rule: 'small-body',
        weight: MEDIUM,
        detail: `${bytes} bytes, usually ${Math.round(medianBytes)}`,
      });
    }
  }
  const type = headers['content-type']?.toLowerCase() ?? '';
  const wantsMarkup =
    type.includes('html') || [...(expect?.results ?? []), ...(expect?.empty ?? [])].some(looksLikeMarkup);
  if (wantsMarkup && isJson(text))
    evidence.push({ rule: 'json-for-html', weight: MEDIUM, detail: 'JSON where a page is due' });
  if (type.includes('json') && isMarkup(text)) {
    evidence.push({ rule: 'html-for-json', weight: MEDIUM, detail: 'markup where JSON is due' });
  }
  return evidence;
}

function looksLikeMarkup(mark: string): boolean {
  return /<[a-z!/]|\b(?:class|id|data-[a-z-]{1,40})=/i.test(mark);
}

function scoreOf(evidence: readonly PageEvidence[]): number {
  const weak = evidence.filter(({ weight }) => weight === WEAK).length;
  const others = evidence.reduce((sum, { weight }) => (weight > WEAK ? sum + weight : sum), 0);
  return Math.min(weak, WEAK_SUM_MAX) + others;
}
