// Pages a second and CPU ms a page of the fetch stack with guard, robots.txt, pace, verdict and parser threads, beside a bare
// loop of undici and cheerio/slim on the same pages. Each is a process of its own; rounds are taken in turns.
// node scripts/bench/page-pipeline.ts [--pages 10000] [--round 250] [--at-once 8] [--stacks bare,local] [--pg]
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { quantile, startBenchServer } from './bench-server.ts';
import type { Round } from './page-pipeline-client.ts';

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '10000' },
    round: { type: 'string', default: '250' },
    'at-once': { type: 'string', default: '8' },
    stacks: { type: 'string', default: 'bare,local' },
    pg: { type: 'boolean', default: false },
  },
});
const pagesTotal = Number(values.pages);
const pagesOfRound = Number(values.round);
const stacks = [...values.stacks.split(','), ...(values.pg ? ['pg'] : [])];
/** Code is compiled and connections are opened in these. */
const WARM_UP_ROUNDS = 2;

const site = startPart('page-pipeline-site.ts', []);
const [{ port }] = (await once(site, 'message')) as [{ port: number }];
const origin = `http://127.0.0.1:${port}`;
const server = stacks.includes('pg') ? await startBenchServer() : null;
const sides = stacks.map((stack) => ({
  stack,
  child: startPart('page-pipeline-client.ts', [stack, origin, values['at-once'], server?.url ?? '']),
  rounds: [] as Round[],
}));
type Side = (typeof sides)[number];

try {
  for (let number = 0; number < WARM_UP_ROUNDS; number += 1) for (const side of sides) await runRound(side);
  for (let done = 0; done < pagesTotal; done += pagesOfRound) {
    for (const side of sides) side.rounds.push(await runRound(side));
  }
  for (const side of sides) report(side);
} finally {
  for (const child of [...sides.map((side) => side.child), site]) child.disconnect();
  await server?.drop();
}

function startPart(file: string, args: string[]): ChildProcess {
  const child = fork(new URL(file, import.meta.url), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.once('exit', (code) => {
    if (code !== 0) process.exit(1);
  });
  return child;
}

async function runRound({ child }: Side): Promise<Round> {
  child.send({ pages: pagesOfRound });
  const [round] = (await once(child, 'message')) as [Round];
  return round;
}

function report({ stack, rounds }: Side): void {
  const bare = sides.find((side) => side.stack === 'bare');
  const cpu = median(rounds.map(cpuPerPage));
  const rate = median(rounds.map((round) => (round.pages / round.ms) * 1_000));
  const ratio = bare
    ? median(rounds.map((round, index) => cpuPerPage(bare.rounds[index] ?? round) / cpuPerPage(round)))
    : NaN;
  const rss = [0, 0.25, 0.5, 0.75, 1].map((part) => rounds[Math.round(part * (rounds.length - 1))]?.rssMb.toFixed(0));
  console.log(
    [
      stack.padEnd(6),
      `${rate.toFixed(0)} pages/s`,
      `CPU ${cpu.toFixed(2)} ms/page (main thread ${median(rounds.map((round) => round.mainCpuMs / round.pages)).toFixed(2)})`,
      `rate per core against bare ${ratio.toFixed(2)}`,
      `lag p50 ${median(rounds.map((round) => round.lagMsP50)).toFixed(1)} ms, p99 ${median(rounds.map((round) => round.lagMsP99)).toFixed(1)} ms, worst round ${Math.max(...rounds.map((round) => round.lagMsP99)).toFixed(1)} ms`,
      `RSS MiB at quarters ${rss.join(' ')}`,
    ].join('; '),
  );
}

function cpuPerPage(round: Round): number {
  return round.cpuMs / round.pages;
}

function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}
