import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '#test/wait-for.ts';
import { RepeatingTask } from './repeating-task.ts';

const started: RepeatingTask[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((task) => task.stop()));
});

function begin(run: () => Promise<void>, intervalMs: number, troubles: unknown[] = []): RepeatingTask {
  const task = new RepeatingTask({ run, intervalMs, failureCapMs: 1, onTrouble: (error) => void troubles.push(error) });
  started.push(task);
  task.start();
  return task;
}

describe('RepeatingTask', () => {
  it('runs again and again, never twice at once', async () => {
    let runs = 0;
    let atOnce = 0;
    let most = 0;
    begin(async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      runs += 1;
    }, 1);
    await waitFor(() => runs >= 5);
    expect(most).toBe(1);
  });

  it('goes on after failures and tells the first of a row and the recovery', async () => {
    let runs = 0;
    const troubles: unknown[] = [];
    begin(
      async () => {
        runs += 1;
        if (runs <= 2) throw new Error(`failure ${runs}`);
      },
      1,
      troubles,
    );
    await waitFor(() => runs >= 4);
    expect(troubles.map((error) => (error as Error | null)?.message ?? null)).toEqual(['failure 1', null]);
  });

  it('comes sooner when asked, also when asked during a run', async () => {
    let runs = 0;
    let release = () => {};
    const task = begin(async () => {
      runs += 1;
      if (runs === 1) await new Promise<void>((resolve) => (release = resolve));
    }, 3_600_000);
    await waitFor(() => runs === 1);
    task.soon(0);
    release();
    await waitFor(() => runs === 2);
    task.soon(0);
    await waitFor(() => runs === 3);
  });
});
