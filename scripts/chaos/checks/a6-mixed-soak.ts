import { setTimeout as wait } from 'node:timers/promises';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import { type ChaosCheck, type CheckRun, pickOne } from '../chaos-check.ts';
import { type ChaosManager, signalQuietly } from '../chaos-manager.ts';

const MACHINES = 3;
const CALM_BAR_MS = 60_000;
/** Sessions that wait or run at any time. */
const BACKLOG = 40;

/** A manager and its way to the database. */
interface Machine {
  manager: ChaosManager;
  proxy: TcpFaultProxy;
}

type Fault = (soak: Soak) => Promise<void>;

/** Each gives what it has broken back by itself, so that several may be under way at once. */
const FAULTS: Record<string, Fault> = {
  'kill a worker': async (soak) => {
    const workers = await soak.arena.runningWorkers().catch(() => []);
    if (workers.length > 0) signalQuietly(pickOne(workers, soak.random).pid, 'SIGKILL');
  },
  'kill a manager': async (soak) => {
    const machine = soak.pick();
    machine.manager.signal('SIGKILL');
    await soak.replace(machine);
  },
  'lose a machine': async (soak) => {
    const machine = soak.pick();
    machine.manager.signalMachine('SIGKILL');
    await soak.replace(machine);
  },
  'freeze a machine': async (soak) => {
    const { manager } = soak.pick();
    manager.signalMachine('SIGSTOP');
    await wait(2_000 + soak.random() * 8_000);
    manager.signalMachine('SIGCONT');
  },
  'cut connections': async (soak) => void soak.pick().proxy.cut(),
  'black-hole a machine': async (soak) => {
    const { proxy } = soak.pick();
    proxy.set({ blackHole: pickOne(['both', 'toServer', 'toClient'] as const, soak.random) });
    await wait(2_000 + soak.random() * 10_000);
    proxy.heal();
  },
  'refuse a machine': async (soak) => {
    const { proxy } = soak.pick();
    proxy.set({ refuse: true });
    proxy.cut();
    await wait(2_000 + soak.random() * 10_000);
    proxy.heal();
  },
  'slow a machine down': async (soak) => {
    const { proxy } = soak.pick();
    proxy.set({ latencyMs: 50, sliceBytes: 200 });
    await wait(3_000);
    proxy.heal();
  },
  'lose an answer': async (soak) => void soak.pick().proxy.swallowReplyTo('commit\0'),
  'crash the database': (soak) => soak.restartDatabase(0),
  'stop the database': (soak) => soak.restartDatabase(1_000 + soak.random() * 9_000),
};

class Soak {
  readonly arena: ChaosArena;
  readonly random: () => number;
  readonly #run: CheckRun;
  readonly #machines: Machine[] = [];
  #database: Promise<void> = Promise.resolve();

  constructor(arena: ChaosArena, run: CheckRun) {
    this.arena = arena;
    this.random = run.random;
    this.#run = run;
  }

  pick(): Machine {
    return pickOne(this.#machines, this.random);
  }

  async addMachine(): Promise<void> {
    const proxy = await TcpFaultProxy.start({ port: this.#run.world.server.port });
    const databaseUrl = proxy.through(this.arena.databaseUrl);
    this.#machines.push({ proxy, manager: await this.arena.startManager({ databaseUrl, workers: 2 }) });
  }

  /** The machine comes back with a new manager; the old one's workers find out for themselves. */
  async replace(machine: Machine): Promise<void> {
    await wait(this.random() * 5_000);
    const databaseUrl = machine.proxy.through(this.arena.databaseUrl);
    machine.manager = await this.arena.launchManager({ databaseUrl, workers: 2 });
  }

  /** One outage after the other. */
  restartDatabase(outageMs: number): Promise<void> {
    const { server } = this.#run.world;
    this.#database = this.#database.then(async () => {
      await server.stop('immediate');
      await wait(outageMs);
      await server.start();
    });
    return this.#database;
  }

  heal(): void {
    for (const { proxy, manager } of this.#machines) {
      proxy.heal();
      manager.signalMachine('SIGCONT');
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#machines.map(({ proxy }) => proxy.close()));
  }
}

export const mixedSoak: ChaosCheck = {
  name: 'A6',
  title: 'crashes, freezes and faults of the network at random',
  tries: { short: 0, long: 0 },
  run: async (run) =>
    await run.world.withArena(async (arena) => {
      const soak = new Soak(arena, run);
      try {
        for (let index = 0; index < MACHINES; index += 1) await soak.addMachine();
        const { made, counts } = await rage(soak, run);
        const calmMs = await arena.untilAllEnded(CALM_BAR_MS * run.slack * 2);
        const failures = await arena.verify({ completed: made });
        if (calmMs > CALM_BAR_MS * run.slack) failures.push(`it took more than ${CALM_BAR_MS} ms until all was over`);
        const tries = Object.values(counts).reduce((sum, count) => sum + count, 0);
        run.note(JSON.stringify(counts));
        const worst = `${made} sessions in ${run.minutes} min, all over ${Math.round(calmMs / 1_000)} s after calm (bar 60 s)`;
        return { kind: 'done', tries, failures, worst };
      } finally {
        await soak.close();
      }
    }),
};

/** Injects one fault every 2 to 5 s until the time is over, then waits for the last ones to give back what they took. */
async function rage(soak: Soak, run: CheckRun): Promise<{ made: number; counts: Record<string, number> }> {
  const counts: Record<string, number> = {};
  const underWay = new Set<Promise<void>>();
  const endMs = performance.now() + run.minutes * 60_000;
  let made = 0;
  while (performance.now() < endMs) {
    const open = await soak.arena.openCount().catch(() => BACKLOG);
    if (open < BACKLOG) made += (await soak.arena.enqueuePages(BACKLOG, { pages: 12, fetched: true })).length;
    const name = pickOne(Object.keys(FAULTS), soak.random);
    counts[name] = (counts[name] ?? 0) + 1;
    const fault = (FAULTS[name] as Fault)(soak).finally(() => underWay.delete(fault));
    underWay.add(fault);
    await wait(2_000 + soak.random() * 3_000);
  }
  await Promise.all(underWay);
  soak.heal();
  return { made, counts };
}
