import { createHash } from 'node:crypto';

/** What makes two failed pages the same failure. */
export interface FailureMarks {
  source: string;
  hostKey: string;
  verdict: string;
  status: number;
  /** Names of the rules that spoke for the verdict. */
  rules: readonly string[];
  /** The title of the page; empty for none. */
  title: string;
}

const TITLE_MAX_CHARS = 200;

/**
 * SHA-256, in hex, of what kind of failure a page is: the same whatever its order of rules, and whatever numbers (an address, a
 * reference, a time) its title holds.
 */
export function failureSignature({ source, hostKey, verdict, status, rules, title }: FailureMarks): string {
  const marks = [source, hostKey, verdict, status, [...new Set(rules)].sort(), skeletonOf(title)];
  return createHash('sha256').update(JSON.stringify(marks)).digest('hex');
}

/** The words of a title; every word with a digit in it counts as the same. */
function skeletonOf(title: string): string {
  return title
    .slice(0, TITLE_MAX_CHARS)
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => (/\d/.test(word) ? '#' : word))
    .join(' ');
}
