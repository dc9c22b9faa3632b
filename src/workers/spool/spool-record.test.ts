import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredError } from '#lib/db/schema/scraping-sessions.ts';
import type { RequestStats } from '#lib/scrapers/scraper-context.ts';
import {
  decodeRecords,
  encodeRecord,
  MisshapenRecordError,
  type SpooledEnding,
  type SpoolRecord,
} from './spool-record.ts';

const claim: SpoolRecord = { kind: 'claim', id: 7, claimNumber: 3, batchId: randomUUID(), location: 'Georgia' };

const checkpoint: SpoolRecord = {
  kind: 'checkpoint',
  cursor: { page: 2, name: 'Zoë \u{1f600}' },
  progress: { message: 'Page 2', done: 2 },
  leads: [
    {
      leadKey: Buffer.from([0, 1, 254, 255]),
      source: 'permits',
      portal: 'p',
      sourceRowId: '1',
      sourceUrl: 'https://example.com/1',
      role: 'owner',
      name: 'Person 1',
      company: null,
      email: null,
      phone: '+12025550123',
      phoneExtension: null,
      request: null,
      address: '1 Example Street',
      city: null,
      state: 'GA',
      zip: null,
      value: 12.5,
      signal: null,
      demo: true,
      provenance: {},
    },
  ],
  watermarks: [{ portalId: 'p', scope: 'all', readUntil: new Date('2026-01-02T03:04:05.678Z') }],
};

const ending: SpoolRecord = {
  kind: 'ending',
  outcome: { kind: 'retry', error: { code: 'network', message: 'No answer' } },
  stats: { requestsMade: 3, requestsFailed: 1, bytesReceived: 1_234 },
  hostKey: 'example.com',
};

/** Everything that may be missing, too: what is added to these types has to be added here, and to come back. */
const fullStats: Required<RequestStats> = {
  requestsMade: 3,
  requestsFailed: 1,
  bytesReceived: 1_234,
  proxyUsed: 'proxy.example.com:8080',
};
const fullError: Required<StoredError> = {
  code: 'bug',
  message: 'It broke',
  cause: 'reset',
  stack: 'at line 1',
  context: { url: 'https://example.com' },
};
const fullEnding: Omit<Required<SpooledEnding>, 'outcome'> = {
  kind: 'ending',
  stats: fullStats,
  hostKey: 'example.com',
  progress: { message: 'Page 2', done: 2, total: 3, pages: 2, rows: 5, parts: [] },
  summary: { totalLeads: 2, newLeads: 1, warnings: ['odd'], skipped: 'Disallow: /' },
};
const outcomes: { [Kind in SpooledEnding['outcome']['kind']]: Extract<SpooledEnding['outcome'], { kind: Kind }> } = {
  completed: { kind: 'completed' },
  retry: { kind: 'retry', error: fullError },
  snoozed: { kind: 'snoozed', delayMs: 1_000, reason: 'busy' },
  interrupted: { kind: 'interrupted', reason: 'stopping' },
  cancelled: { kind: 'cancelled' },
  failed: { kind: 'failed', error: fullError },
};

describe('records of a spool', () => {
  it('come back as they were, bytes and times included', () => {
    const bytes = Buffer.concat([claim, checkpoint, ending].map(encodeRecord));
    expect(decodeRecords(bytes)).toEqual({
      records: [claim, checkpoint, ending],
      validBytes: bytes.length,
      misshapen: null,
    });
  });

  it('hold every end of an attempt, with all that can be said of it', () => {
    const endings = Object.values(outcomes).map((outcome): SpoolRecord => ({ ...fullEnding, outcome }));
    expect(decodeRecords(Buffer.concat(endings.map(encodeRecord)))).toMatchObject({
      records: endings,
      misshapen: null,
    });
  });

  it('of another shape are told from torn ones', () => {
    const odd = { ...ending, stats: { ...fullStats, proxyUsed: 7 } } as unknown as SpoolRecord;
    const decoded = decodeRecords(Buffer.concat([claim, odd, ending].map(encodeRecord)));
    expect(decoded).toMatchObject({ records: [claim], misshapen: expect.any(MisshapenRecordError) });
  });

  it('end before the zeros that a power cut may leave', () => {
    const bytes = encodeRecord(claim);
    const decoded = decodeRecords(Buffer.concat([bytes, Buffer.alloc(64)]));
    expect(decoded).toEqual({ records: [claim], validBytes: bytes.length, misshapen: null });
  });

  it('tell a position that is left alone from one that is removed', () => {
    const records = [null, undefined].map((cursor) => ({ ...checkpoint, cursor }) as SpoolRecord);
    const [removed, left] = decodeRecords(Buffer.concat(records.map(encodeRecord))).records;
    expect(removed).toHaveProperty('cursor', null);
    expect(left).toMatchObject({ kind: 'checkpoint' });
    expect((left as { cursor?: unknown }).cursor).toBeUndefined();
  });

  it('end before the first that was torn, wherever that was', () => {
    const whole = Buffer.concat([encodeRecord(claim), encodeRecord(checkpoint)]);
    const last = encodeRecord(ending);
    for (let length = 0; length < last.length; length += 1) {
      const { records, validBytes } = decodeRecords(Buffer.concat([whole, last.subarray(0, length)]));
      expect([records.length, validBytes]).toEqual([2, whole.length]);
    }
  });

  it('end before the first that was damaged, and never throw', () => {
    const bytes = Buffer.concat([claim, checkpoint, ending].map(encodeRecord));
    const damage = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(damage, ([at, flipped]) => {
        const broken = Buffer.from(bytes);
        broken[at] = (broken[at] ?? 0) ^ flipped;
        const { records, validBytes } = decodeRecords(broken);
        expect(validBytes).toBeLessThanOrEqual(at);
        expect(records).toEqual([claim, checkpoint, ending].slice(0, records.length));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (junk) => decodeRecords(Buffer.from(junk)).validBytes === 0),
    );
  });
});
