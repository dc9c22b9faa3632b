import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { SessionProgress } from '#lib/db/schema/scraping-sessions.ts';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import type { Finds, FindsClaim } from '../ports/session-queue.ts';
import type { SessionEnding } from '../worker/session-ending.ts';

/** Raised when the meaning of a record changes; files of another version are not delivered. */
const SPOOL_VERSION = 1;

/** The claim that the records of a file belong to. The batch's random id tells this database from any other. */
export type SpooledClaim = FindsClaim;

/** What one checkpoint would have written. */
export interface SpooledCheckpoint extends Finds {
  kind: 'checkpoint';
}

/** How the attempt ended; nothing follows it. */
export interface SpooledEnding extends SessionEnding {
  kind: 'ending';
}

export type SpoolRecord = ({ kind: 'claim' } & SpooledClaim) | SpooledCheckpoint | SpooledEnding;

/** Length and checksum of what follows, four bytes each, big endian. */
const FRAME_BYTES = 8;

/** A record longer than this is damage, not data. */
const RECORD_BYTES_MAX = 256 * 1_048_576;

/** A frame around JSON: a record that was not written to its end is told from a whole one. */
export function encodeRecord(record: SpoolRecord): Buffer {
  const body = Buffer.from(JSON.stringify({ version: SPOOL_VERSION, ...storableRecord(record) }));
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame, body]);
}

/** All whole records from the front. What follows the first that is torn or damaged is not looked at. */
export function decodeRecords(bytes: Buffer): { records: SpoolRecord[]; validBytes: number } {
  const records: SpoolRecord[] = [];
  let from = 0;
  while (from + FRAME_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(from);
    const body = bytes.subarray(from + FRAME_BYTES, from + FRAME_BYTES + length);
    if (length > RECORD_BYTES_MAX || body.length < length || crc32(body) !== bytes.readUInt32BE(from + 4)) break;
    const record = readRecord(body);
    if (record === null) break;
    records.push(record);
    from += FRAME_BYTES + length;
  }
  return { records, validBytes: from };
}

/** JSON holds neither bytes nor times. */
function storableRecord(record: SpoolRecord): object {
  if (record.kind !== 'checkpoint') return record;
  return { ...record, leads: record.leads.map((lead) => ({ ...lead, leadKey: lead.leadKey.toString('base64') })) };
}

const recordSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('claim'),
    version: z.literal(SPOOL_VERSION),
    id: z.number(),
    claimNumber: z.number(),
    batchId: z.uuid(),
    location: z.string(),
  }),
  z.object({
    kind: z.literal('checkpoint'),
    version: z.literal(SPOOL_VERSION),
    cursor: z.unknown().optional(),
    progress: z.custom<SessionProgress>().optional(),
    leads: z.array(z.looseObject({ leadKey: z.string() })),
    watermarks: z.array(z.object({ portalId: z.string(), scope: z.string(), readUntil: z.coerce.date() })),
  }),
  z.looseObject({
    kind: z.literal('ending'),
    version: z.literal(SPOOL_VERSION),
    outcome: z.looseObject({ kind: z.string() }),
    stats: z.record(z.string(), z.number()),
  }),
]);

/** The checksum says that these bytes are what a program of this version wrote, so the schema looks at the outline only. */
function readRecord(body: Buffer): SpoolRecord | null {
  const parsed = recordSchema.safeParse(JSON.parse(body.toString()));
  if (!parsed.success) return null;
  const { version: _version, ...record } = parsed.data;
  if (record.kind !== 'checkpoint') return record as SpoolRecord;
  const leads = record.leads.map((lead) => ({ ...lead, leadKey: Buffer.from(lead.leadKey, 'base64') }));
  return { ...record, leads: leads as unknown as NormalizedLead[] };
}
