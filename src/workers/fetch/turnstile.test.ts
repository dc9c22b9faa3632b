import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.ts';

const never = new AbortController().signal;

describe('Turnstile', () => {
  it('lets as many in as there are places, the others in order', async () => {
    const turnstile = new Turnstile();
    const inside: number[] = [];
    const leaves: (() => void)[] = [];
    const entering = [0, 1, 2, 3].map(async (turn) => {
      const leave = await turnstile.enter('a', 2, 1_000, never);
      inside.push(turn);
      if (leave) leaves.push(leave);
    });
    await Promise.all(entering.slice(0, 2));
    expect(inside).toEqual([0, 1]);
    expect(turnstile.lengthOf('a')).toBe(4);
    leaves[1]?.();
    leaves[1]?.();
    await entering[2];
    expect(inside).toEqual([0, 1, 2]);
    leaves[0]?.();
    await entering[3];
    for (const leave of leaves) leave();
    expect(turnstile.lengthOf('a')).toBe(0);
  });

  it('does not let one in that allows no other beside itself while somebody is inside', async () => {
    const turnstile = new Turnstile();
    const leave = await turnstile.enter('a', 3, 1_000, never);
    expect(await turnstile.enter('a', 1, 30, never)).toBeNull();
    expect(await turnstile.enter('a', 3, 30, never)).not.toBeNull();
    leave?.();
  });

  it('lets the next one in when the first of the line gives up', async () => {
    const turnstile = new Turnstile();
    await turnstile.enter('a', 2, 1_000, never);
    const ending = new AbortController();
    const first = turnstile.enter('a', 1, 1_000, ending.signal).catch((error: Error) => error.message);
    const second = turnstile.enter('a', 2, 1_000, never);
    ending.abort(new Error('ended'));
    expect(await first).toBe('ended');
    expect(await second).not.toBeNull();
  });
});
