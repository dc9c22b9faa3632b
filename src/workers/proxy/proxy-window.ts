import type { ProxySample } from '#lib/db/schema/proxy-pool.ts';

/** Enough to tell 60 % from 80 %, and 1.5 KB a row. */
export const SAMPLES_MAX = 50;
/** What is older says nothing about now. */
const SAMPLE_AGE_MAX_SECONDS = 15 * 60;

/** What the last uses and checks of a proxy say of it. */
export interface WindowFigures {
  /** Samples that are not too old. */
  count: number;
  /** 0 to 1; null without samples. */
  successRate: number | null;
  /** Mean of the successful ones; null without any. */
  avgResponseTimeMs: number | null;
}

/** The window with one sample more; the oldest go. */
export function addSample(samples: readonly ProxySample[], sample: ProxySample): ProxySample[] {
  return [...samples, sample].slice(-SAMPLES_MAX);
}

export function measureWindow(samples: readonly ProxySample[], nowSeconds: number): WindowFigures {
  const fresh = samples.filter(([at]) => nowSeconds - at <= SAMPLE_AGE_MAX_SECONDS);
  const times = fresh.filter(([, success]) => success === 1).map(([, , ms]) => ms);
  return {
    count: fresh.length,
    successRate: fresh.length === 0 ? null : sum(fresh.map(([, success]) => success)) / fresh.length,
    avgResponseTimeMs: times.length === 0 ? null : Math.round(sum(times) / times.length),
  };
}

/** Faults since the last success; a half-fault counts half. */
export function faultsInARow(samples: readonly ProxySample[]): number {
  const lastSuccess = samples.findLastIndex(([, success]) => success === 1);
  return sum(samples.slice(lastSuccess + 1).map(([, success]) => 1 - success));
}

/** How often in a row the proxy did not accept our credentials. */
export function badCredentialsInARow(samples: readonly ProxySample[]): number {
  return samples.length - 1 - samples.findLastIndex((sample) => sample[3] !== 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
