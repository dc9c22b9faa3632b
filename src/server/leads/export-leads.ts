import type { ApiLead } from '#lib/api/lead.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { type CsvRow, leadsCsv } from '#lib/leads/leads-csv.ts';
import { fieldError } from '../api-error.ts';
import type { LeadFilter } from './lead-filter.ts';
import { readLeads } from './list-leads.ts';

const PAGE_ROWS = 1_000;
/** Texts are sent together up to this size; one chunk per lead would cost more than the lead. */
const CHUNK_CHARACTERS = 64 * 1024;

interface ExportFormat {
  contentType: string;
  write(leads: AsyncIterable<ApiLead>): AsyncIterable<string>;
}

const FORMATS: Record<string, ExportFormat> = {
  csv: {
    contentType: 'text/csv; charset=utf-8',
    write: (leads) => leadsCsv(leads as AsyncIterable<CsvRow & ApiLead>),
  },
  ndjson: { contentType: 'application/x-ndjson; charset=utf-8', write: ndjson },
};

/** @throws ApiError 400 that names the formats there are. */
export function parseExportFormat(text: string | null): string {
  if (text === null || text === '') return 'csv';
  if (Object.hasOwn(FORMATS, text)) return text;
  const known = Object.keys(FORMATS).join(', ');
  throw fieldError('invalid_request', 'format', `"${text.slice(0, 100)}" is not a format; known are ${known}`);
}

/**
 * All leads of a filter as a download. One page is in memory at a time, read when the client has taken the one before, so
 * the size does not matter and a client that leaves costs nothing more. The first chunk is made before the answer starts:
 * a database that is away is an error, not an empty file. One that goes away later breaks the download off visibly.
 */
export async function exportLeads(db: Executor, filter: LeadFilter, formatName: string, now: Date): Promise<Response> {
  const format = FORMATS[formatName];
  if (!format) throw new Error(`"${formatName}" did not come from parseExportFormat.`);
  const chunks = inChunks(format.write(listAllLeads(db, filter)));
  const day = now.toISOString().slice(0, 10);
  return new Response(await startStream(chunks), {
    headers: {
      'content-type': format.contentType,
      'content-disposition': `attachment; filename="leads-${day}.${formatName}"`,
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
    },
  });
}

async function* listAllLeads(db: Executor, filter: LeadFilter): AsyncGenerator<ApiLead> {
  let after: number | null = null;
  do {
    const page = await readLeads(db, filter, { limit: PAGE_ROWS, after });
    yield* page.leads;
    after = page.last;
  } while (after !== null);
}

async function* ndjson(leads: AsyncIterable<ApiLead>): AsyncGenerator<string> {
  for await (const lead of leads) yield `${JSON.stringify(lead)}\n`;
}

async function* inChunks(texts: AsyncIterable<string>): AsyncGenerator<string, undefined> {
  let chunk = '';
  for await (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** A stream whose first chunk is there already; the others are made when they are asked for. */
async function startStream(chunks: AsyncGenerator<string, undefined>): Promise<ReadableStream<Uint8Array>> {
  let next: IteratorResult<string, undefined> | null = await chunks.next();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = next ?? (await chunks.next());
      next = null;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
