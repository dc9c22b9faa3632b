import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '#lib/invariant.ts';
import type { PageParser } from '#lib/scrapers/page-parser.ts';
import { PARSERS } from '#workers/scrapers/parsers.ts';
import { findParser, type ParserSources } from './find-parser.ts';
import type { PageMessage, ThreadMessage, ThreadSettings } from './parse-message.ts';
import { runParser } from './run-parser.ts';
import { toThreadError } from './thread-error.ts';

/** The thread that parses: pages in, plain data out, one after the other. It may be stopped at any moment. */

invariant(parentPort, 'this module is the entry of a thread; start it through ParsePool');
const port = parentPort;
const { limits, parsersModule } = workerData as ThreadSettings;
const sources: ParserSources = { registered: await listParsers(), loadsModules: import.meta.url.endsWith('.ts') };
const found = new Map<string, PageParser<unknown, never>>();

async function listParsers(): Promise<readonly PageParser<unknown, never>[]> {
  if (parsersModule === null) return PARSERS;
  const { PARSERS: given = [] } = (await import(parsersModule)) as { PARSERS?: readonly PageParser<unknown, never>[] };
  return given;
}

async function parse({ id, request }: PageMessage): Promise<void> {
  try {
    const { name } = request.parser;
    const parser = found.get(name) ?? (await findParser(sources, request.parser));
    found.set(name, parser);
    const result = await runParser(parser, request, limits);
    const message: ThreadMessage = { type: 'parsed', id, result };
    port.postMessage(message, [result.buffer as ArrayBuffer]);
  } catch (error) {
    const message: ThreadMessage = { type: 'failed', id, error: toThreadError(error) };
    port.postMessage(message);
  }
}

// The deadline of the other side counts for the page whose turn it is, so answers keep the order of the pages.
let last: Promise<void> = Promise.resolve();
port.on('message', (message: PageMessage) => {
  last = last.then(() => parse(message));
});
const ready: ThreadMessage = { type: 'ready' };
port.postMessage(ready);
