import { describe, expect, it } from 'vitest';
import { waitFor } from './wait-for.ts';

describe('waitFor', () => {
  it('returns the first truthy value', async () => {
    const calls: number[] = [];
    expect(await waitFor(() => calls.push(1) === 3 && 'third', { intervalMs: 1 })).toBe('third');
  });

  it('says what it waited for, and keeps the last error of the condition', async () => {
    const failing = () => Promise.reject(new Error('not there'));
    const error = await waitFor(failing, { timeoutMs: 5, intervalMs: 1, what: 'the file' }).catch((e: Error) => e);
    expect(error).toMatchObject({ message: 'Waited 5 ms for the file', cause: { message: 'not there' } });
  });

  it('looks once more after a time in which this process stood still', async () => {
    let isThere = false;
    const waiting = waitFor(() => isThere, { timeoutMs: 5, intervalMs: 1 });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    isThere = true;
    expect(await waiting).toBe(true);
  });
});
