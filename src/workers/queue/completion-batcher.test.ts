import { describe, expect, it } from 'vitest';
import { DatabaseUnavailableError } from '#lib/errors.ts';
import { waitFor } from '#test/wait-for.ts';
import { CompletionBatcher } from './completion-batcher.ts';
import type { Completion } from './transitions/complete.ts';

const item = (id: number): Completion => ({ id, claimNumber: 1 });
const all = (items: readonly Completion[]) => new Set(items.map(({ id }) => id));

describe('CompletionBatcher', () => {
  it('puts what comes at once into one statement and tells each caller its own answer', async () => {
    const sizes: number[] = [];
    const batcher = new CompletionBatcher({
      complete: async (items) => {
        sizes.push(items.length);
        return new Set(items.map(({ id }) => id).filter((id) => id % 2 === 0));
      },
    });
    const answers = await Promise.all([1, 2, 3, 4].map((id) => batcher.add(item(id))));
    expect(answers).toEqual([false, true, false, true]);
    expect(sizes).toEqual([4]);
    await batcher.stop();
  });

  it('splits by the size of a batch', async () => {
    const sizes: number[] = [];
    const batcher = new CompletionBatcher({
      batchSize: 10,
      complete: async (items) => {
        sizes.push(items.length);
        return all(items);
      },
    });
    await Promise.all(Array.from({ length: 25 }, (_, id) => batcher.add(item(id))));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(25);
    expect(Math.max(...sizes)).toBe(10);
  });

  it('repeats a batch that failed, and nobody hears of it but onError', async () => {
    const errors: unknown[] = [];
    let calls = 0;
    const batcher = new CompletionBatcher({
      onError: (error) => errors.push(error),
      complete: async (items) => {
        calls += 1;
        if (calls <= 2) throw new DatabaseUnavailableError('connection refused');
        return all(items);
      },
    });
    expect(await batcher.add(item(1))).toBe(true);
    expect(errors).toHaveLength(2);
  });

  it('makes callers wait when too much is under way', async () => {
    const release = Promise.withResolvers<void>();
    const batcher = new CompletionBatcher({
      backlogMax: 3,
      batchSize: 3,
      complete: async (items) => {
        await release.promise;
        return all(items);
      },
    });
    const taken: number[] = [];
    const adding = Array.from({ length: 6 }, (_, id) => batcher.add(item(id)).then(() => taken.push(id)));
    await waitFor(() => true);
    expect(taken).toEqual([]);
    release.resolve();
    await Promise.all(adding);
    expect(taken.sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('flushes on stop and takes nothing afterwards', async () => {
    const done: number[] = [];
    const batcher = new CompletionBatcher({
      delayMs: 60_000,
      complete: async (items) => {
        done.push(...items.map(({ id }) => id));
        return all(items);
      },
    });
    const answer = batcher.add(item(1));
    await batcher.stop();
    expect(await answer).toBe(true);
    expect(done).toEqual([1]);
    await expect(batcher.add(item(2))).rejects.toThrow('stopped');
  });

  it('gives up on stop when the database stays away, and says so to the callers', async () => {
    const batcher = new CompletionBatcher({
      complete: async () => {
        throw new DatabaseUnavailableError('still away');
      },
    });
    const answer = batcher.add(item(1));
    const outcome = expect(answer).rejects.toThrow('still away');
    await batcher.stop();
    await outcome;
  });

  it('lets an item that is refused fail alone', async () => {
    const batcher = new CompletionBatcher({
      complete: async (items) => {
        if (items.some(({ id }) => id === 3)) throw new Error('refused');
        return all(items);
      },
    });
    const ids = [1, 2, 3, 4, 5];
    const answers = await Promise.allSettled(ids.map((id) => batcher.add(item(id))));
    expect(ids.filter((_id, index) => answers[index]?.status === 'fulfilled')).toEqual([1, 2, 4, 5]);
    expect(answers[2]).toMatchObject({ reason: new Error('refused') });
    expect(await batcher.add(item(6))).toBe(true);
    await batcher.stop();
  });
});
