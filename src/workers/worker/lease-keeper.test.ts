import { describe, expect, it, vi } from 'vitest';
import { waitFor } from '#test/wait-for.ts';
import { monotonicNowMs } from '../messages.ts';
import { LeaseKeeper } from './lease-keeper.ts';

describe('LeaseKeeper', () => {
  it('is not safe before the first renewal', () => {
    expect(new LeaseKeeper(() => {}).isSafe).toBe(false);
  });

  it('expires once when no renewal comes', async () => {
    const onExpired = vi.fn();
    const keeper = new LeaseKeeper(onExpired);
    keeper.renew(monotonicNowMs() + 500);
    expect(keeper.isSafe).toBe(true);
    await waitFor(() => onExpired.mock.calls.length > 0);
    expect(keeper.isSafe).toBe(false);
    expect(onExpired).toHaveBeenCalledTimes(1);
  });

  it('does not expire at the old time once it is renewed', async () => {
    const onExpired = vi.fn();
    const keeper = new LeaseKeeper(onExpired);
    const firstEnd = monotonicNowMs() + 200;
    keeper.renew(firstEnd);
    keeper.renew(firstEnd + 60_000);
    await waitFor(() => monotonicNowMs() > firstEnd + 20);
    expect(keeper.isSafe).toBe(true);
    expect(onExpired).not.toHaveBeenCalled();
    keeper.drop();
  });

  it('ends waiting for work when it is dropped, and not after it is renewed', async () => {
    const keeper = new LeaseKeeper(() => {});
    keeper.renew(monotonicNowMs() + 60_000);
    const never = keeper.within(new Promise(() => {}));
    keeper.drop();
    await expect(never).rejects.toThrow('lease ran out');
    keeper.renew(monotonicNowMs() + 60_000);
    expect(await keeper.within(Promise.resolve('done'))).toBe('done');
    keeper.drop();
  });
});
