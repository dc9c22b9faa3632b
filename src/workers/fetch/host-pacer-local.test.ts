import { describe, expect, it } from 'vitest';
import { LocalHostPacer } from './host-pacer-local.ts';

const never = new AbortController().signal;
const request = { hostKey: 'example.com', workerId: 'w', sessionId: null, gapMs: 40, timeoutMs: 1000 };

describe('LocalHostPacer', () => {
  it('lets one in at a time, in order, a gap after the answer before', async () => {
    const pacer = new LocalHostPacer();
    const starts: { turn: number; at: number }[] = [];
    await Promise.all(
      [0, 1, 2, 3].map(async (turn) => {
        const slot = await pacer.reserve(request, never);
        starts.push({ turn, at: performance.now() });
        slot.noteAnswer();
        await slot.release(true);
      }),
    );
    expect(starts.map((start) => start.turn)).toEqual([0, 1, 2, 3]);
    for (const [index, start] of starts.slice(1).entries()) {
      expect(start.at - (starts[index]?.at ?? 0)).toBeGreaterThanOrEqual(40);
    }
  });

  it('lets the next one in when a waiter is ended or has waited too long', async () => {
    const pacer = new LocalHostPacer({ waitMaxMs: 100 });
    const held = await pacer.reserve(request, never);
    const ending = new AbortController();
    const ended = pacer.reserve(request, ending.signal).catch((error) => error);
    ending.abort(new Error('ended'));
    expect(await ended).toMatchObject({ message: 'ended' });
    expect(await pacer.reserve(request, never).catch((error) => error)).toMatchObject({ code: 'host_not_ready' });
    await held.release(true);
    await (await pacer.reserve(request, never)).release(true);
  });

  it('counts refusals that come together once', async () => {
    const pacer = new LocalHostPacer();
    const burst = await Promise.all([1, 2, 3].map(() => pacer.reportBackoff('a', null)));
    expect(Math.max(...burst)).toBeLessThanOrEqual(5000);
    expect(await pacer.reportBackoff('b', 1e12)).toBe(3_600_000);
  });
});
