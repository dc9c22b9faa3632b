import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
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

/** Runs real workers until they end by themselves; gives the exit code and how they say that it went. */
async function run(args: string[], workers = 1) {
  manager = await startManagerProcess({ databaseUrl: bed.url, workers, args });
  const code = await manager.exited;
  return { code, end: manager.lines.find(({ event }) => event === 'stopped') };
}

/** What the run has told so far. */
const news = () => manager?.lines.filter(({ name }) => name === 'run') ?? [];

const enqueue = (count: number, script: object = { do: 'nothing' }) =>
  bed.queue.enqueue(
    Array.from({ length: count }, (_, index) => ({
      source: 'permits',
      location: `Place ${index}`,
      params: { ...script },
    })),
  );

const countCompleted = async () => {
  const [row] = await bed.db.query(`select count(*) from scraping_sessions where status = 'completed'`);
  return row?.count;
};

// Starting processes takes long on a busy machine.
describe('a run of workers', { timeout: 180_000 }, () => {
  it('does exactly as much as --max-work says, however many workers share it, and tells of all of it', async () => {
    await enqueue(60);
    const { code, end } = await run(['--max-work', '23', '--news'], 3);
    expect(code).toBe(0);
    expect(news().slice(-3)).toMatchObject([
      { event: 'working', processed: 23, active: 0 },
      { event: 'stopping', reason: 'max-work' },
      { event: 'stopped' },
    ]);
    expect(end).toMatchObject({ reason: 'max-work', processed: 23, succeeded: 23, failed: 0 });
    expect(await countCompleted()).toBe(23);
  });

  it('does it also while the machine is degraded, and only one of its workers may claim', async () => {
    const args = ['--max-work', '6', '--concurrency', '1'];
    const crashing = await startManagerProcess({ databaseUrl: bed.url, workers: 3, args });
    manager = crashing;
    const says = (text: string) => crashing.lines.some(({ message }) => message.startsWith(text));
    const crashOne = () => {
      const [pid] = crashing.workerPids();
      if (pid !== undefined) process.kill(pid, 'SIGSEGV');
      return says('This machine is degraded');
    };
    await waitFor(crashOne, { timeoutMs: 60_000, intervalMs: 300, what: 'five workers to crash' });
    // Each of them holds a share of what may be done.
    const areUp = async () => (await bed.db.query(`select from worker_instances where status = 'idle'`)).length === 3;
    await waitFor(areUp, { timeoutMs: 90_000, what: 'three workers to be back' });
    await enqueue(8);
    expect(await crashing.exited).toBe(0);
    expect(await countCompleted()).toBe(6);
  });

  it('drains the queue, and gives its figures', async () => {
    await enqueue(12);
    const { code, end } = await run(['--drain']);
    expect(code).toBe(0);
    expect(end).toMatchObject({ reason: 'drained', message: 'The queue is empty (--drain)', processed: 12 });
    expect(end).toMatchObject({
      runtimeMs: expect.any(Number),
      perHour: expect.any(Number),
      efficiency: expect.any(Number),
    });
    expect(await countCompleted()).toBe(12);
  });

  it('says when somebody stops it, goes on telling what ends, and counts all of it', async () => {
    await enqueue(1, { do: 'steps', count: 4, stepMs: 2_000 });
    const args = ['--news', '--concurrency', '1'];
    const stopped = await startManagerProcess({ databaseUrl: bed.url, args });
    manager = stopped;
    await waitFor(() => news().some(({ event, active }) => event === 'working' && active === 1), {
      timeoutMs: 60_000,
      what: 'a session to run',
    });
    stopped.kill('SIGINT');
    expect(await stopped.exited).toBe(0);
    const told = news();
    expect(told.slice(told.findIndex(({ event }) => event === 'stopping'))).toMatchObject([
      { event: 'stopping', reason: 'asked', message: 'What runs may finish for up to 25 s; once more stops at once' },
      { event: 'working', processed: 1, active: 0 },
      { event: 'stopped', reason: 'asked', processed: 1, succeeded: 1 },
    ]);
  });

  it('says that it stops at once when it is told so again', async () => {
    await enqueue(1, { do: 'wait' });
    const stopped = await startManagerProcess({ databaseUrl: bed.url, args: ['--news'] });
    manager = stopped;
    const tells = (sought: object) => () =>
      news().some((line) => Object.entries(sought).every(([name, value]) => line[name] === value));
    await waitFor(tells({ event: 'working', active: 1 }), { timeoutMs: 60_000, what: 'a session to run' });
    stopped.kill('SIGINT');
    await waitFor(tells({ event: 'stopping' }), { what: 'the first signal to be told' });
    stopped.kill('SIGINT');
    expect(await stopped.exited).toBe(0);
    const stops = news().filter(({ event }) => event === 'stopping');
    expect(stops.map((line) => line.message)).toEqual([
      'What runs may finish for up to 25 s; once more stops at once',
      'At once; what runs is handed back',
    ]);
  });

  it('does one round with --once', async () => {
    await enqueue(20);
    const { code, end } = await run(['--once', '--concurrency', '2']);
    expect({ code, reason: end?.reason, processed: end?.processed }).toEqual({ code: 0, reason: 'once', processed: 2 });
  });

  it('ends after as many looks in a row as --max-failures says, once it has done what there was', async () => {
    await enqueue(2);
    const { code, end } = await run(['--max-failures', '2']);
    expect(code).toBe(0);
    expect(end).toMatchObject({
      reason: 'max-failures',
      processed: 2,
      message: 'Looked 2 times in a row and found nothing (--max-failures 2)',
    });
  });

  it('ends after so long without work as --max-idle-hours says', async () => {
    await enqueue(2);
    const { code, end } = await run(['--max-idle-hours', '0.0005']);
    expect(code).toBe(0);
    expect(end).toMatchObject({ reason: 'max-idle', processed: 2 });
    expect(end?.runtimeMs).toBeGreaterThanOrEqual(1_800);
  });

  it('ends with 1 when its last worker has died and none may follow', async () => {
    await enqueue(1, { do: 'exit', code: 7 });
    const args = ['--max-work', '5'];
    manager = await startManagerProcess({ databaseUrl: bed.url, args, env: { AUTO_RESTART: 'false' } });
    expect(await manager.exited).toBe(1);
    expect(news()).toMatchObject([
      {
        event: 'stopped',
        reason: 'no-workers',
        message: 'No worker is left, and none follows (AUTO_RESTART is false)',
      },
    ]);
  });

  it('counts a try that took its worker with it, and begins no other in its place', async () => {
    await enqueue(1, { do: 'exit', code: 7, afterMs: 1_000 });
    await enqueue(1);
    const { code, end } = await run(['--max-work', '1', '--concurrency', '1']);
    expect({ code, end }).toMatchObject({
      code: 0,
      end: { reason: 'max-work', processed: 1, succeeded: 0, failed: 1 },
    });
    expect(await countCompleted()).toBe(0);
  });

  it('leaves the work of other sources alone, and ends with 3 when there was nothing for it', async () => {
    await enqueue(1);
    expect(await run(['--once', '--sources', 'simulated'])).toMatchObject({
      code: 3,
      end: { reason: 'once', processed: 0, message: 'Nothing is waiting (--once)' },
    });
    expect(await countCompleted()).toBe(0);
  });
});

// What the program itself is asked for is in scripts/lib/keep-awake.process.test.ts.
describe.runIf(process.platform === 'linux')('--keep-awake', { timeout: 120_000 }, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'eko-awake-'));
    const inhibitor = path.join(folder, 'systemd-inhibit');
    writeFileSync(inhibitor, '#!/bin/sh\necho $$ > "$(dirname "$0")/pid"\nexec cat\n');
    chmodSync(inhibitor, 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = async (args: string[]) => {
    const env = { PATH: `${folder}${path.delimiter}${process.env.PATH}` };
    const started = await startManagerProcess({ databaseUrl: bed.url, args, env });
    manager = started;
    await waitFor(async () => (await bed.db.query(`select from worker_instances where status = 'idle'`)).length === 1, {
      timeoutMs: 60_000,
      what: 'a worker to be up',
    });
    return started;
  };

  it('keeps the machine awake, busy or not, until the workers have stopped', async () => {
    const running = await start(['--keep-awake']);
    const pid = await waitFor(() => Number(readFileSync(path.join(folder, 'pid'), 'utf8')), {
      what: 'the program to be asked',
    });
    expect(isAlive(pid)).toBe(true);
    running.kill('SIGTERM');
    expect(await running.exited).toBe(0);
    await waitFor(() => !isAlive(pid), { timeoutMs: 20_000, what: 'the machine to be let go' });
  });

  it('is asked for by nobody else', async () => {
    await start([]);
    expect(existsSync(path.join(folder, 'pid'))).toBe(false);
  });
});
