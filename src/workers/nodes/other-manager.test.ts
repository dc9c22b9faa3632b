import { expect, it } from 'vitest';
import type { NodeWish } from './node-store.ts';
import { meetOther, wishBeside } from './other-manager.ts';

const PAUSED: NodeWish = { mode: 'paused', desiredWorkers: 3 };
const NO_WISH: NodeWish = { mode: 'active', desiredWorkers: null };

const taken = (managerPid: number, seenAtMs: number) => ({
  ...({ kind: 'taken', owner: { hostname: 'host-a', managerPid }, wish: PAUSED } as const),
  lastSeenAt: new Date(seenAtMs),
});

/** What is known after these answers. */
const meet = (...answers: ReturnType<typeof taken>[]) =>
  answers.reduce<ReturnType<typeof meetOther> | null>(meetOther, null);

it('takes another manager for alive once it has written again, and from then on', () => {
  expect(meet(taken(100, 1_000))).toMatchObject({ name: 'process 100 on host-a', lives: false });
  expect(meet(taken(100, 1_000), taken(100, 1_000))?.lives).toBe(false);
  expect(meet(taken(100, 1_000), taken(100, 1_001))?.lives).toBe(true);
  expect(meet(taken(100, 1_000), taken(100, 1_001), taken(100, 1_001))?.lives).toBe(true);
  expect(meet(taken(100, 1_000), taken(101, 1_001))?.lives).toBe(false);
});

it.each([
  [false, PAUSED, PAUSED],
  [false, { mode: 'active', desiredWorkers: 0 }, { mode: 'active', desiredWorkers: 0 }],
  [false, { mode: 'active', desiredWorkers: 5 }, NO_WISH],
  [true, PAUSED, NO_WISH],
] as const)('beside another manager that lives (%s), whose row says %o, goes by %o', (lives, wish, result) => {
  expect(wishBeside({ name: 'process 1 on host-b', lastSeenAtMs: 0, lives }, wish, 'roof')).toEqual(result);
});
