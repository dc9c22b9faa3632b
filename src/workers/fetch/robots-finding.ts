import { decodeText } from './charset.ts';
import type { HttpOutcome } from './http-outcome.ts';
import { findCrawlDelayMs, parseRobots, withinParsedLimit } from './robots-policy.ts';
import type { RobotsFinding } from './robots-store.ts';

const DAY_MS = 86_400_000;

/** How long a host waits after the n-th look in a row that did not reach its rules. */
const UNREACHABLE_WAITS_MS = [60_000, 300_000, 900_000, 3_600_000];

/** An answer that is still to come, and a part of one that nobody asked for: no file with the rules in it. */
const NOT_ALL_OF_IT = [202, 206];

/**
 * What an answer to /robots.txt means (RFC 9309 section 2.3.1), stricter where the RFC leaves it open: 5xx, network errors, 429,
 * an answer that is not all of it and a web page in its place are "unreachable", and the host waits. Other 4xx mean that there are no rules.
 * @param failures looks in a row before this one that found it unreachable.
 * @param productToken whose Crawl-delay is noted.
 */
export function findingOf(outcome: HttpOutcome, failures: number, productToken: string): RobotsFinding {
  if (outcome.kind === 'failed') return unreachable(null, outcome.message, failures);
  const { status, headers, body } = outcome;
  if (
    status === 429 ||
    status >= 500 ||
    status < 200 ||
    (status >= 300 && status < 400) ||
    NOT_ALL_OF_IT.includes(status)
  ) {
    return unreachable(status, `status ${status}`, failures);
  }
  if (status >= 400) return found('none', status);
  const text = withinParsedLimit(decodeText(body, 'text/plain; charset=utf-8').text);
  if (/^\s*text\/html\b/i.test(headers['content-type'] ?? '') || text.trimStart().startsWith('<')) {
    return unreachable(status, 'a web page in its place', failures);
  }
  const rules = parseRobots(text);
  return {
    ...found('rules', status),
    body: text,
    crawlDelayMs: findCrawlDelayMs(rules, productToken),
    sitemaps: [...rules.sitemaps],
  };
}

/** The finding of a look that did not get to an answer of its own, such as a chain of redirects. */
export function unreachable(httpStatus: number | null, reason: string, failures: number): RobotsFinding {
  const freshForMs = UNREACHABLE_WAITS_MS[Math.min(failures, UNREACHABLE_WAITS_MS.length - 1)] ?? DAY_MS;
  return { ...found('unreachable', httpStatus), reason, failures: failures + 1, freshForMs };
}

function found(outcome: RobotsFinding['outcome'], httpStatus: number | null): RobotsFinding {
  const nothing = { body: null, reason: null, failures: 0, crawlDelayMs: null, sitemaps: [] };
  return { ...nothing, outcome, httpStatus, freshForMs: DAY_MS };
}
