import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManagerProcess, startManagerProcess } from '#test/manager-process.ts';
import { findGroupObstacle, MemoryGroup } from '#test/memory-group.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { waitFor } from '#test/wait-for.ts';

const obstacle = await findGroupObstacle();

const title = obstacle === null ? 'a kill by the kernel' : `a kill by the kernel (skipped: ${obstacle})`;

describe.skipIf(obstacle !== null)(title, () => {
  let bed: QueueBed;
  let group: MemoryGroup;
  let manager: ManagerProcess;

  beforeEach(async () => {
    bed = await createQueueBed();
    group = new MemoryGroup(512);
    manager = await startManagerProcess({ databaseUrl: bed.url, workers: 1, prefix: group.prefix });
  });
  afterEach(async () => {
    await manager.destroy();
    await group.remove();
    await bed.drop();
  });

  const enqueue = async (what: 'hoard' | 'wait') => {
    const { sessions } = await bed.queue.enqueue([{ source: 'permits', location: what, params: { do: what } }]);
    return sessions[0]?.id ?? 0;
  };

  it('is charged to the session that took the memory: three of them quarantine it', async () => {
    const id = await enqueue('hoard');
    const isOver = async () => {
      await bed.wakeAll();
      return (await bed.row(id)).status === 'failed';
    };
    await waitFor(isOver, { timeoutMs: 150_000, what: 'the session to be quarantined' });
    expect(await bed.row(id)).toMatchObject({ errorCode: 'quarantined', crashCount: 3 });
    expect((await bed.attempts(id)).map(({ outcome }) => outcome)).toEqual(['crashed', 'crashed', 'crashed']);
    expect(group.kills).toBe(3);
  });

  it('is told from one that somebody else sends', async () => {
    const id = await enqueue('wait');
    const claimed = async () => (await bed.row(id)).claimNumber;
    await waitFor(async () => (await claimed()) === 1, { timeoutMs: 60_000, what: 'the session to run' });
    for (const pid of manager.workerPids()) process.kill(pid, 'SIGKILL');
    await waitFor(async () => (await claimed()) >= 2, { timeoutMs: 60_000, what: 'the session to come back' });
    expect((await bed.attempts(id)).map(({ outcome }) => outcome)).toEqual(['lost']);
    expect(group.kills).toBe(0);
  });
});
