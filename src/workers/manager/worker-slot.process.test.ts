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
