import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChaosWorld, openWorld } from './chaos-world.ts';
import { CHECKS } from './checks.ts';
import { runChecks } from './run-checks.ts';

/** What needs root, another package or minutes is for runs by hand. */
const BY_HAND = ['A-netns', 'A6', 'A11', 'F6', 'F23', 'F25', 'POINTS'];

/** The machine runs other tests at the same time, so bars of time are wide; what is counted must be exact. */
const SLACK = 10;

let world: ChaosWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

it.each(
  CHECKS.filter(({ name }) => !BY_HAND.includes(name)).map((check) => ({
    name: check.name,
    title: check.title,
    check,
  })),
)(
  '$name holds its promise: $title',
  async ({ check }) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const lines: string[] = [];
    const options = {
      seed,
      long: false,
      minutes: 1,
      slack: SLACK,
      onLine: (line: string) => void lines.push(line),
      onNote: () => {},
    };
    const passed = await runChecks(world, [check], options);
    expect({ passed, seed, lines }).toEqual({ passed: true, seed, lines: expect.anything() });
  },
  300_000,
);
