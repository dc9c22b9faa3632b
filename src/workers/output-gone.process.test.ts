import { closeSync, openSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManagerProcess, type ManagerProcessOptions, startManagerProcess } from '#test/manager-process.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';

let bed: QueueBed;
let manager: ManagerProcess | null = null;

beforeEach(async () => {
  bed = await createQueueBed();
});
afterEach(async () => {
  await manager?.destroy();
  await bed.drop();
});

async function start(options: Partial<ManagerProcessOptions>): Promise<ManagerProcess> {
  manager = await startManagerProcess({ databaseUrl: bed.url, ...options });
  return manager;
}

const enqueue = (script: object) =>
  bed.queue.enqueue([{ source: 'permits', location: 'Georgia', params: { ...script } }]);

/** Long enough for a signal to come in the middle of it. */
const LONG_SESSION = { do: 'steps', count: 20, stepMs: 200 };

/** The claim number is raised by a claim and by an end, and by nothing else. */
const session = async () =>
  (await bed.db.query('select status, claim_number as claim, cursor from scraping_sessions'))[0];

const underWay = () =>
  waitFor(async () => (await session())?.cursor !== null, { timeoutMs: 60_000, what: 'a first checkpoint' });

describe('workers that nobody hears', { timeout: 180_000 }, () => {
  it('work on and end in order where the disk takes no line of their log', async () => {
    await enqueue({ do: 'nothing' });
    const full = openSync('/dev/full', 'w');
    const { exited } = await start({ args: ['--drain', '--news'], output: full });
    closeSync(full);
    expect(await exited).toBe(0);
    expect(await session()).toMatchObject({ status: 'completed', claim: 2 });
  });

  it('finish what they run where the reader of their log is gone', async () => {
    await enqueue(LONG_SESSION);
    const { process: child, exited, kill } = await start({ args: ['--news'] });
    await underWay();
    child.stdout?.destroy();
    kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(await session()).toMatchObject({ status: 'completed', claim: 2 });
  });

  it('finish what they run when their terminal is closed, which tells all of them at once', async () => {
    await enqueue(LONG_SESSION);
    const { pid, exited } = await start({ ownGroup: true });
    await underWay();
    process.kill(-pid, 'SIGHUP');
    expect(await exited).toBe(0);
    expect(await session()).toMatchObject({ status: 'completed', claim: 2 });
  });
});
