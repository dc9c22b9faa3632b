import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';

const FIXTURE = path.join(import.meta.dirname, '__fixtures__/run-workers.ts');
const SCRAPERS = path.resolve(import.meta.dirname, '../../src/test/scripted-scrapers.ts');

let bed: QueueBed;
let child: ChildProcess | null = null;

beforeEach(async () => {
  bed = await createQueueBed();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await bed.drop();
});

const session = async () =>
  (await bed.db.query('select status, claim_number as claim, cursor from scraping_sessions'))[0];

it('lets running sessions finish when the terminal that shows them is gone', { timeout: 180_000 }, async () => {
  const params = { do: 'steps', count: 30, stepMs: 200 };
  await bed.queue.enqueue([{ source: 'permits', location: 'Georgia', params }]);
  child = spawn(process.execPath, [FIXTURE, '--workers', '1', '--scrapers', SCRAPERS, '--news'], {
    env: { NODE_ENV: 'test', PATH: process.env.PATH, DATABASE_URL: bed.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  child.stdout?.resume();
  await waitFor(async () => (await session())?.cursor !== null, { timeoutMs: 60_000, what: 'a first checkpoint' });
  child.stdout?.destroy();
  child.kill('SIGHUP');
  expect(await exited).toEqual([0, null]);
  // The claim number is raised by a claim and by an end, and by nothing else.
  expect(await session()).toMatchObject({ status: 'completed', claim: 2 });
});
