import type { ChaosWorld } from './chaos-world.ts';

/** One thing that must stay true while one kind of fault is injected. Short and long runs differ in their counts alone. */
export interface ChaosCheck {
  /** As in docs/chaos.md, such as "A1". */
  name: string;
  title: string;
  /** How often its fault is injected. */
  tries: { short: number; long: number };
  run(run: CheckRun): Promise<CheckOutcome>;
}

export interface CheckRun {
  world: ChaosWorld;
  tries: number;
  /** With more load and, where times of recovery are judged by leases, the product's own heartbeat and lease. */
  long: boolean;
  /** How long a check that is measured in time goes on. */
  minutes: number;
  /** Factor on bars of time: 1 by hand, more where a machine is shared with other tests. */
  slack: number;
  /** From the seed of the run and the name of the check, so that a check alone does what it does among others. */
  random: () => number;
  /** For whoever watches. */
  note: (text: string) => void;
}

export type CheckOutcome =
  | {
      kind: 'done';
      /** Faults that were injected. */
      tries: number;
      /** One sentence each. */
      failures: string[];
      /** The worst figure that was measured, with its bar. */
      worst: string;
    }
  | { kind: 'skipped'; reason: string };

/** An element that the random numbers choose. @throws when there is none. */
export function pickOne<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('There is nothing to pick from');
  return item;
}

/** The value below which the share `q` of the values lies; 0 for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

/** "p95 812 ms, worst 1,204 ms (bar 3,000 ms)" */
export function describeTimes(what: string, values: readonly number[], barMs: number): string {
  const ms = (value: number) => `${Math.round(value).toLocaleString('en')} ms`;
  return `${what} p95 ${ms(quantile(values, 0.95))}, worst ${ms(Math.max(0, ...values))} (bar ${ms(barMs)})`;
}
