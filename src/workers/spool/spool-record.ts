import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { SessionProgress } from '#lib/db/schema/scraping-sessions.ts';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import type { Finds, FindsClaim } from '../ports/session-queue.ts';
import type { SessionEnding, SessionSummary } from '../worker/session-ending.ts';

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

/** What a file holds. */
export interface DecodedRecords {
  /** All whole records from the front. What follows the first that is torn or damaged is not looked at. */
  records: SpoolRecord[];
  validBytes: number;
  /** Set when the next record is whole and yet none that this program knows: more is lost with it than a torn tail. */
  misshapen: MisshapenRecordError | null;
}

/** A record was written to its end, and not in the shape that it should have. */
export class MisshapenRecordError extends Error {
  override readonly name = 'MisshapenRecordError';
}

export function decodeRecords(bytes: Buffer): DecodedRecords {
  const records: SpoolRecord[] = [];
  let from = 0;
  while (from + FRAME_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(from);
    const body = bytes.subarray(from + FRAME_BYTES, from + FRAME_BYTES + length);
    // A power cut may leave zeros at the end, and the checksum of nothing is zero.
    if (length === 0 || length > RECORD_BYTES_MAX || body.length < length) break;
    if (crc32(body) !== bytes.readUInt32BE(from + 4)) break;
    const record = readRecord(body);
    if (record instanceof MisshapenRecordError) return { records, validBytes: from, misshapen: record };
    records.push(record);
    from += FRAME_BYTES + length;
  }
  return { records, validBytes: from, misshapen: null };
}

/** JSON holds neither bytes nor times. */
function storableRecord(record: SpoolRecord): object {
  if (record.kind !== 'checkpoint') return record;
  return { ...record, leads: record.leads.map((lead) => ({ ...lead, leadKey: lead.leadKey.toString('base64') })) };
}

type StoredLead = Omit<NormalizedLead, 'leadKey'> & { leadKey: string };

const version = z.literal(SPOOL_VERSION);

// What is read is a SpoolRecord without a cast, so that these and the types cannot part. They are loose: a field that may be
// missing and is not named here is kept all the same.
const error = z.looseObject({
  code: z.string(),
  message: z.string(),
  cause: z.string().exactOptional(),
  stack: z.string().exactOptional(),
  context: z.record(z.string(), z.unknown()).exactOptional(),
});

const outcome = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('completed') }),
  z.looseObject({ kind: z.literal('cancelled') }),
  z.looseObject({ kind: z.literal('retry'), error }),
  z.looseObject({ kind: z.literal('failed'), error }),
  z.looseObject({ kind: z.literal('snoozed'), delayMs: z.number(), reason: z.string() }),
  z.looseObject({ kind: z.literal('interrupted'), reason: z.string() }),
]);

const recordSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('claim'),
    version,
    id: z.number(),
    claimNumber: z.number(),
    batchId: z.string(),
    location: z.string(),
  }),
  z.looseObject({
    kind: z.literal('checkpoint'),
    version,
    cursor: z.unknown().optional(),
    progress: z.custom<SessionProgress>().optional(),
    leads: z.array(z.custom<StoredLead>((lead) => typeof (lead as StoredLead | null)?.leadKey === 'string')),
    watermarks: z.array(z.looseObject({ portalId: z.string(), scope: z.string(), readUntil: z.coerce.date() })),
  }),
  z.looseObject({
    kind: z.literal('ending'),
    version,
    outcome,
    stats: z.looseObject({
      requestsMade: z.number(),
      requestsFailed: z.number(),
      bytesReceived: z.number(),
      proxyUsed: z.string().exactOptional(),
    }),
    hostKey: z.string().optional(),
    progress: z.custom<SessionProgress>().optional(),
    summary: z.custom<SessionSummary>().optional(),
  }),
]);

/** The checksum says that these bytes are what a program wrote, so the schema looks at the outline only. */
function readRecord(body: Buffer): SpoolRecord | MisshapenRecordError {
  const parsed = recordSchema.safeParse(JSON.parse(body.toString()));
  if (!parsed.success) {
    return new MisshapenRecordError(`A record is not one of version ${SPOOL_VERSION}`, { cause: parsed.error });
  }
  const { version: _version, ...record } = parsed.data;
  if (record.kind !== 'checkpoint') return record;
  const leads = record.leads.map((lead) => ({ ...lead, leadKey: Buffer.from(lead.leadKey, 'base64') }));
  return { ...record, leads };
}
