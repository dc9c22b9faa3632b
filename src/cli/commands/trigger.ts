import { setTimeout as wait } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { plural } from '#components/format.ts';
import type { ApiSession } from '#lib/api/session.ts';
import { listSessions } from '#server/sessions/list-sessions.ts';
import { triggerScrape } from '#server/sessions/trigger-scrape.ts';
import { type CliContext, type CliPorts, withContext } from '../cli-context.ts';
import { EXIT } from '../exit-codes.ts';
import { jsonObject, sourceNames, whole } from '../read-arguments.ts';
import { SESSION_COLUMNS } from './sessions.ts';

interface Options {
  sources?: string[];
  priority?: number;
  params?: Record<string, unknown>;
  maxRetries?: number;
  key?: string;
  wait?: true;
}

const LOOK_EVERY_MS = 1_000;

export function addTriggerCommand(program: Command, ports: CliPorts): void {
  program
    .command('trigger')
    .description('start a scrape of a place')
    .argument('<location>', 'such as "Georgia" or "Savannah, GA"')
    .addOption(new Option('--sources <a,b>', 'the usual ones unless given').argParser(sourceNames))
    .addOption(new Option('--priority <n>', 'higher goes first').argParser(whole(-100, 100)))
    .addOption(new Option('--params <json>', `such as '{"signal":"solar","maxRows":500}'`).argParser(jsonObject))
    .addOption(new Option('--max-retries <n>', 'further tries of a session').argParser(whole(0, 20)))
    .option('--key <text>', 'the same key gives the same sessions, however often it comes')
    .option('--wait', 'until all sessions have ended')
    .action(async (location: string, options: Options) => {
      process.exitCode = await withContext(ports, (context) => trigger(context, location, options, ports.signal));
    });
}

async function trigger(
  context: CliContext,
  location: string,
  { key, wait: waits, ...rest }: Options,
  signal: AbortSignal,
): Promise<number> {
  const answer = await triggerScrape(context, { location, ...rest, ...(key ? { idempotencyKey: key } : {}) });
  const { output } = context;
  if (!waits) {
    const ids = answer.sessions.map(
      ({ id, source }) => `Session ${id} of ${source} for ${location} waits for a worker.`,
    );
    output.answer(answer, () => [
      ...ids,
      `Batch ${answer.batchId}. See "npx eko sessions list --batch ${answer.batchId}".`,
    ]);
    return EXIT.done;
  }
  const sessions = await waitForBatch(context, answer.batchId, signal);
  output.list(sessions, SESSION_COLUMNS, 'The sessions are gone.');
  return sessions.every(({ status }) => status === 'completed') ? EXIT.done : EXIT.failed;
}

/** The sessions of a batch when all have ended, or when somebody waits no longer. */
async function waitForBatch({ db, output }: CliContext, batchId: string, signal: AbortSignal): Promise<ApiSession[]> {
  for (let told = ''; ; ) {
    const { items } = await listSessions(db, { batchId }, { limit: 100, after: null });
    const open = items.filter(({ status }) => status === 'pending' || status === 'running');
    if (open.length === 0 || signal.aborted) return items;
    const leads = items.reduce((sum, { leadsFound }) => sum + leadsFound, 0);
    const news = `${plural(open.length, 'session')} to go, ${plural(leads, 'lead')} so far`;
    if (news !== told) output.say(news);
    told = news;
    await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
