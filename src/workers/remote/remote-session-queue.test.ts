import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NormalizedLead } from '#lib/leads/lead.ts';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { silentLogger } from '#lib/logger.ts';
import { deliverLeftovers } from '../spool/deliver-leftovers.ts';
import { DeliveryTries } from '../spool/delivery-tries.ts';
import { spoolFolderOf } from '../spool/spool-file.ts';
import { WorkerSpool } from '../spool/worker-spool.ts';
import type { CallArgs } from './calls/index.ts';
import { RemoteSessionQueue } from './remote-session-queue.ts';
import { ServerClient } from './server-client.ts';

type Saved = CallArgs<'saveFinds'>;

let server: Server;
let client: ServerClient;
let queue: RemoteSessionQueue;
/** What a proxy in front of the server takes. */
let bytesMax: number;
let saved: Saved[];

beforeEach(async () => {
  saved = [];
  server = createServer(async (request, response) => {
    if (Number(request.headers['content-length']) > bytesMax) {
      request.resume().on('end', () => response.writeHead(413).end('<html>Request Entity Too Large</html>'));
      return;
    }
    saved.push((await json(request)) as Saved);
    response.end(JSON.stringify({ answer: { found: 1, fresh: 1, cancelRequested: false } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new ServerClient({ serverUrl: `http://127.0.0.1:${port}`, token: 'eko_test' });
  queue = new RemoteSessionQueue(client);
});
afterEach(async () => {
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});

const claimOf = (id: number) => ({ id, claimNumber: 1, batchId: 'batch', location: 'Georgia' });

function makeLeads(count: number): NormalizedLead[] {
  return Array.from({ length: count }, (_, row) => {
    const draft = { portal: 'p', sourceRowId: String(row), sourceUrl: 'https://permits.example.com', role: 'owner' };
    const lead = normalizeLead(
      { ...draft, name: 'Robin Example', request: 'x'.repeat(1_000), provenance: {} },
      { source: 'permits', now: new Date(0) },
    );
    if ('rejected' in lead) throw new Error(lead.rejected);
    return lead;
  });
}

const rowsOf = ({ finds }: Saved) => finds.leads.map(({ sourceRowId }) => Number(sourceRowId));

describe('finds on their way to a server', () => {
  it.each([
    ['as much as nginx does by default', 1024 * 1024],
    ['very little', 10_000],
  ])('arrive in order, the position last, behind a proxy that takes %s', async (_what, limit) => {
    bytesMax = limit;
    await queue.saveFinds(claimOf(1), { cursor: 7, leads: makeLeads(1_500), watermarks: [] });
    expect(saved.flatMap(rowsOf)).toEqual(Array.from({ length: 1_500 }, (_, row) => row));
    expect(saved.map(({ finds }) => finds.hasCursor).indexOf(true)).toBe(saved.length - 1);
    expect(saved.at(-1)?.finds.cursor).toBe(7);
  });

  it('are refused when a single lead is too large', async () => {
    bytesMax = 500;
    await expect(queue.saveFinds(claimOf(1), { cursor: 7, leads: makeLeads(4), watermarks: [] })).rejects.toMatchObject(
      {
        code: 'server_refused',
        status: 413,
      },
    );
  });
});

describe('finds that wait on disk and are refused', () => {
  let folder: string;
  let spool: WorkerSpool;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'eko-remote-spool-'));
    spool = new WorkerSpool({ folder, workerId: 'w', queue, logger: silentLogger() });
    bytesMax = 500;
    for (const [id, leads] of [makeLeads(1), []].entries()) {
      await spool.open(claimOf(id + 1)).append({ kind: 'checkpoint', cursor: 7, leads, watermarks: [] });
    }
  });
  afterEach(() => rm(folder, { recursive: true }));

  const files = async () => (await readdir(spoolFolderOf(folder, 'w'))).sort();

  it('hold up no other session of their worker', async () => {
    await spool.deliverAll();
    expect(saved.map(({ claim }) => claim.id)).toEqual([2]);
    expect(await files()).toEqual(['1-1.spool.bad']);
    expect(spool.pendingClaims).toEqual([]);
  });

  it('hold up no other file that a worker has left', async () => {
    const lookup = { findBatch: async () => 'batch' };
    const options = { queue, lookup, tries: new DeliveryTries(), logger: silentLogger() };
    await deliverLeftovers(spoolFolderOf(folder, 'w'), options);
    expect(saved.map(({ claim }) => claim.id)).toEqual([2]);
    // Without an end, it may be delivered again.
    expect(await files()).toEqual(['1-1.spool.bad', '2-1.spool']);
  });
});
