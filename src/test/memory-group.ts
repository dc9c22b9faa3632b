import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from './wait-for.ts';

const MOUNT = '/sys/fs/cgroup';

let made = 0;

/** A control group with little memory, in which the kernel kills who takes more. */
export class MemoryGroup {
  readonly #folder: string;

  /** @throws Error where none can be made, such as for want of root. */
  constructor(megabytes: number) {
    made += 1;
    const isFirstVersion = existsSync(path.join(MOUNT, 'memory'));
    this.#folder = path.join(MOUNT, isFirstVersion ? 'memory' : '', `eko-test-${process.pid}-${made}`);
    mkdirSync(this.#folder);
    try {
      const bytes = String(megabytes * 1_048_576);
      writeFileSync(this.#file(isFirstVersion ? 'memory.limit_in_bytes' : 'memory.max'), bytes);
      // Else it would only become slow, where the kernel counts what is swapped.
      const swap = this.#file(isFirstVersion ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max');
      if (existsSync(swap)) writeFileSync(swap, isFirstVersion ? bytes : '0');
    } catch (error) {
      rmdirSync(this.#folder);
      throw error;
    }
  }

  /** Program and arguments that run another program in it. */
  get prefix(): string[] {
    return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', this.#file('cgroup.procs')];
  }

  /** Processes that the kernel has killed in it. */
  get kills(): number {
    const file = ['memory.events', 'memory.oom_control'].map((name) => this.#file(name)).find(existsSync);
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file ?? '', 'utf8'))?.[1]);
  }

  /** Waits until its last process is gone. */
  async remove(): Promise<void> {
    const what = `no process to be left in "${this.#folder}"`;
    await waitFor(() => rmdirSync(this.#folder) === undefined, { timeoutMs: 20_000, what });
  }

  #file(name: string): string {
    return path.join(this.#folder, name);
  }
}

/** Why there cannot be one here; null when there can. */
export async function findGroupObstacle(): Promise<string | null> {
  try {
    await new MemoryGroup(64).remove();
    return null;
  } catch (error) {
    return `a control group with a limit of memory cannot be made here: ${(error as Error).message}`;
  }
}
