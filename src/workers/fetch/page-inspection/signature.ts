/** Where on a page a signature looks. Everything is compared in lower case. */
export type Place =
  /** The first title. */
  | 'title'
  /** The id of an element. */
  | 'id'
  /** What a script, frame or image loads, where a form goes to, and where a meta refresh leads. */
  | 'source'
  /** An inline script. */
  | 'script'
  /** What a reader sees. */
  | 'words'
  /** A short answer in JSON. */
  | 'json'
  /** Host, path and query that redirects led to; never the address that was asked for. */
  | 'path';

export type Condition =
  /** No words: the header is there. */
  | { header: string; has?: readonly string[] }
  | { status: readonly number[] }
  | { in: Place; is: readonly string[] }
  | { in: Place; has: readonly string[] }
  /** Little to read on it, as on every block page. An article about block pages is longer. */
  | { short: true };

/** Three say "blocked". Strong marks are made by a challenge alone, medium ones seldom by anything else, weak ones often. */
export type Weight = 1 | 2 | 3;

export interface BlockSignature {
  rule: string;
  weight: Weight;
  /** All of them hold. */
  when: readonly Condition[];
}

export const STRONG = 3;
export const MEDIUM = 2;
export const WEAK = 1;
