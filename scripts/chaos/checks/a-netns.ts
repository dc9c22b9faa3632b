import { spawnSync } from 'node:child_process';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { waitFor } from '#test/wait-for.ts';
import type { ChaosArena } from '../chaos-arena.ts';
import { type ChaosCheck, describeTimes } from '../chaos-check.ts';
import type { ChaosManager } from '../chaos-manager.ts';
import { recoverFrom } from '../recovery.ts';

const BAR_MS = 40_000;
const CUT_MS = 60_000;
const PREFIX = 'ekochaos';

/** A machine with an address of its own, on a cable that can be pulled out. */
interface Namespace {
  name: string;
  cable: string;
  /** Of this side of the cable; the database is reached there. */
  hostAddress: string;
}

export const cutNetwork: ChaosCheck = {
  name: 'A-netns',
  title: 'two machines in network namespaces, one cut off',
  tries: { short: 1, long: 3 },
  run: async ({ world, tries, long, slack }) => {
    const refusal = findObstacle();
    if (refusal) return { kind: 'skipped', reason: refusal };
    return await world.withArena(async (arena) => {
      const spaces = [openNamespace(1), openNamespace(2)];
      const relays = await Promise.all(spaces.map((space) => startRelay(space.hostAddress, world.server.port)));
      try {
        const managers = await Promise.all(spaces.map((space) => startInside(arena, space, world.server.port)));
        const { made, times, failures } = await cutAndHeal(arena, spaces, managers, {
          tries,
          cutMs: long ? CUT_MS : 15_000,
          slack,
        });
        failures.push(...(await arena.verify({ completed: made })));
        if (Math.max(...times) > BAR_MS * slack) failures.push(`a session came back later than after ${BAR_MS} ms`);
        return {
          kind: 'done',
          tries,
          failures,
          worst: describeTimes('back on the other machine after', times, BAR_MS),
        };
      } finally {
        await arena.stopManagers();
        for (const relay of relays) relay.close();
        for (const space of spaces) closeNamespace(space);
      }
    });
  },
};

async function cutAndHeal(
  arena: ChaosArena,
  spaces: readonly Namespace[],
  managers: readonly ChaosManager[],
  { tries, cutMs, slack }: { tries: number; cutMs: number; slack: number },
): Promise<{ made: number; times: number[]; failures: string[] }> {
  const times: number[] = [];
  const failures: string[] = [];
  let made = 0;
  for (let index = 0; index < tries; index += 1) {
    const cable = spaces[index % spaces.length]?.cable ?? '';
    const victim = managers[index % managers.length];
    made += (await arena.enqueuePages(24, { pages: 40, stepMs: 100 })).length;
    const cutAtMs = performance.now();
    const recovered = await recoverFrom(arena, {
      choose: (working) => working.filter((manager) => manager === victim),
      strike: () => runIp('link', 'set', cable, 'down'),
      timeoutMs: BAR_MS * 3,
    });
    times.push(...recovered);
    await wait(Math.max(0, cutMs - (performance.now() - cutAtMs)));
    runIp('link', 'set', cable, 'up');
    await arena.untilAllEnded(180_000 * slack);
    made += (await arena.enqueuePages(30, { pages: 20, stepMs: 50 })).length;
    const works = waitFor(
      async () => (await arena.runningWorkers()).some(({ managerPid }) => managerPid === victim?.pid),
      {
        timeoutMs: 60_000 * slack,
        what: 'the healed machine to work again',
      },
    );
    await works.catch((error: Error) => failures.push(error.message));
    await arena.untilAllEnded(120_000 * slack);
  }
  return { made, times, failures };
}

function startInside(arena: ChaosArena, space: Namespace, port: number): Promise<ChaosManager> {
  const url = new URL(arena.databaseUrl);
  url.hostname = space.hostAddress;
  url.port = String(port);
  return arena.startManager({
    databaseUrl: url.toString(),
    prefix: ['ip', 'netns', 'exec', space.name],
    env: { WORKER_CONCURRENCY: '8' },
    heartbeatS: 5,
    leaseS: 30,
  });
}

function findObstacle(): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const probe = `${PREFIX}-probe`;
  const added = spawnSync('ip', ['netns', 'add', probe], { encoding: 'utf8' });
  if (added.error) return 'there is no "ip" (Debian: apt-get install iproute2)';
  if (added.status !== 0) return `network namespaces cannot be made here: ${added.stderr.trim()}`;
  runIp('netns', 'del', probe);
  return null;
}

/** @throws Error with what ip said. */
function runIp(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}

/** A network of two addresses, 10.231.N.1 here and 10.231.N.2 inside. */
function openNamespace(index: number): Namespace {
  const name = `${PREFIX}${index}-${process.pid}`;
  const cable = `ekc${index}-${process.pid % 100_000}`;
  const inside = `ekd${index}-${process.pid % 100_000}`;
  const network = `10.231.${(process.pid % 100) * 2 + index}`;
  runIp('netns', 'add', name);
  runIp('link', 'add', cable, 'type', 'veth', 'peer', 'name', inside, 'netns', name);
  runIp('addr', 'add', `${network}.1/30`, 'dev', cable);
  runIp('link', 'set', cable, 'up');
  runIp('-n', name, 'addr', 'add', `${network}.2/30`, 'dev', inside);
  runIp('-n', name, 'link', 'set', inside, 'up');
  runIp('-n', name, 'link', 'set', 'lo', 'up');
  return { name, cable, hostAddress: `${network}.1` };
}

/** The cable goes with its namespace. */
function closeNamespace({ name }: Namespace): void {
  spawnSync('ip', ['netns', 'del', name]);
}

/** The server listens on loopback alone; this passes connections on from the cable's end, which nobody else can reach. */
async function startRelay(address: string, port: number): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, address, resolve));
  return server;
}
