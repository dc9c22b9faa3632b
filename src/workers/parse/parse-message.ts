import type { HtmlParser } from './open-page.ts';
import type { ParseLimits } from './parse-limits.ts';

/** What a thread is told once, at its start. */
export interface ThreadSettings {
  limits: ParseLimits;
  /** The module whose PARSERS it knows; null for src/workers/scrapers/parsers.ts. */
  parsersModule: string | null;
}

/** What a page is made into, and by whom. */
export interface ParseRequest {
  page: { url: string; finalUrl: string; text: string };
  parser: { name: string; module: string };
  htmlParser: HtmlParser;
  input: unknown;
}

/** An error of a thread on its way out, by code, since classes do not cross. */
export interface ThreadError {
  /** Of lib/errors.ts; null for anything that is not expected. */
  code: string | null;
  name: string;
  message: string;
  stack: string | undefined;
  context: Record<string, unknown>;
}

/** To a thread: one page, in the order of the answers. */
export interface PageMessage {
  id: number;
  request: ParseRequest;
}

/** From a thread. `result` was written by `v8.serialize`, so that its size is known before this side reads it. */
export type ThreadMessage =
  | { type: 'ready' }
  | { type: 'parsed'; id: number; result: Uint8Array }
  | { type: 'failed'; id: number; error: ThreadError };
