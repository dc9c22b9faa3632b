import { type ChildProcess, spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { silentLogger } from '#lib/logger.ts';
import { waitFor } from '#test/wait-for.ts';
import { WorkerSlot } from './worker-slot.ts';

/** A process that is ready like a worker, and tells what it hears. */
const LISTENER = `process.on('message', ({ type, safeUntilMs }) => process.send({ heard: safeUntilMs ?? type }));
process.send({ type: 'ready' });`;

it('gives no lease to the successor of a process that died while it was registered', async () => {
  const children: ChildProcess[] = [];
  const heard: unknown[][] = [];
  const registering: PromiseWithResolvers<number>[] = [];
  const releasing = Promise.withResolvers<void>();
  let releases = 0;
  const slot = new WorkerSlot({
    spawn: () => {
      const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      const hears: unknown[] = [];
      child.on('message', (message: { heard?: unknown }) => message.heard && hears.push(message.heard));
      children.push(child);
      heard.push(hears);
      return child;
    },
    nameWorker: () => 'the-same-1',
    register: () => {
      const answer = Promise.withResolvers<number>();
      registering.push(answer);
      return answer.promise;
    },
    release: () => {
      releases += 1;
      return releasing.promise;
    },
    onChange: () => {},
    onEnd: () => {},
    countOomKills: () => 0,
    restartDelayMs: () => 1,
    autoRestart: true,
    logger: silentLogger(),
  });
  try {
    slot.start();
    await waitFor(() => registering.length === 1, { what: 'the registration of the first process' });
    children[0]?.kill('SIGKILL');
    await waitFor(() => heard[1]?.includes('welcome'), { what: 'the second process' });
    registering[0]?.resolve(1_111);
    await waitFor(() => releases === 1, { what: 'the release of the first process' });
    slot.send({ type: 'wake' });
    await waitFor(() => heard[1]?.includes('wake'));
    expect(heard[1]).toEqual(['welcome', 'wake']);
    expect(slot.registered).toBeNull();
    releasing.resolve();
    await waitFor(() => registering.length === 2, { what: 'the registration of the second process' });
    registering[1]?.resolve(2_222);
    await waitFor(() => heard[1]?.includes(2_222), { what: 'the lease of the second process' });
    expect(slot.registered).toMatchObject({ workerId: 'the-same-1' });
  } finally {
    slot.stop(0);
    for (const child of children) child.kill('SIGKILL');
  }
  await slot.ended;
});

/** A process that is ready like a worker, and says so all the time. */
const BEATER = `setInterval(() => process.send({ heard: 'beat' }), 100); process.send({ type: 'ready' });`;

it('kills no worker that went on talking while the manager itself stood still', async () => {
  const child = spawn(process.execPath, ['-e', BEATER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let beats = 0;
  child.on('message', () => {
    beats += 1;
  });
  const slot = new WorkerSlot({
    spawn: () => child,
    nameWorker: () => 'talking-1',
    register: async () => 0,
    release: async () => {},
    onChange: () => {},
    onEnd: () => {},
    countOomKills: () => 0,
    restartDelayMs: () => 1,
    autoRestart: false,
    logger: silentLogger(),
  });
  try {
    slot.start();
    await waitFor(() => beats > 1, { timeoutMs: 20_000, what: 'the first beats' });
    const endsAtMs = performance.now() + 1_000;
    while (performance.now() < endsAtMs);
    slot.checkSilence(500);
    // Several seconds of beats: longer than anybody thinks about it.
    const enough = beats + 60;
    await waitFor(() => slot.isEmpty || beats > enough, { timeoutMs: 60_000, what: 'its beats to go on' });
    expect(slot.isEmpty).toBe(false);
  } finally {
    slot.stop(0);
    child.kill('SIGKILL');
  }
  await slot.ended;
});
