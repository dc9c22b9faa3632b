import { readFileSync } from 'node:fs';

interface Sample {
  hours: number;
  megabytes: number;
}

/** How the memory of processes grows over time. */
export class MemoryTrend {
  readonly #samples = new Map<number, Sample[]>();

  /** @param hours since the begin, by whatever clock the growth is wanted of. */
  note(pids: readonly number[], hours: number): void {
    for (const pid of pids) {
      const megabytes = residentMegabytes(pid);
      if (megabytes === null) continue;
      const samples = this.#samples.get(pid) ?? [];
      samples.push({ hours, megabytes });
      this.#samples.set(pid, samples);
    }
  }

  /**
   * MB per hour of the process that grows most. The first third is left out: programs warm up, which has an end.
   */
  steepest(): number {
    return Math.max(0, ...[...this.#samples.values()].map((samples) => slopeOf(samples.slice(samples.length / 3))));
  }
}

/** By least squares; 0 for what is too little to tell. */
export function slopeOf(samples: readonly Sample[]): number {
  const mean = (read: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + read(sample), 0) / samples.length;
  const hours = mean((sample) => sample.hours);
  const megabytes = mean((sample) => sample.megabytes);
  const spread = mean((sample) => (sample.hours - hours) ** 2);
  if (!(spread > 0)) return 0;
  return mean((sample) => (sample.hours - hours) * (sample.megabytes - megabytes)) / spread;
}

function residentMegabytes(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1_024;
  } catch {
    // It has ended.
    return null;
  }
}
