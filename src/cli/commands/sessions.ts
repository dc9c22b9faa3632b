import { setTimeout as wait } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { formatCount, formatDuration, formatTime } from '#components/format.ts';
import type { ApiAttempt, ApiLogLine, ApiSession, ApiSessionDetail } from '#lib/api/session.ts';
import { LOG_LEVELS } from '#lib/db/schema/vocabulary.ts';
import { parseQuery } from '#server/parse-query.ts';
import { cancelSession } from '#server/sessions/cancel-session.ts';
import { getSession } from '#server/sessions/get-session.ts';
import { type LogFilter, listSessionLogs, logFilterSchema } from '#server/sessions/list-session-logs.ts';
import { listSessions, sessionFilterSchema } from '#server/sessions/list-sessions.ts';
import { retrySession } from '#server/sessions/retry-session.ts';
import { type CliContext, type CliPorts, withContext } from '../cli-context.ts';
import { forEachId } from '../for-each-id.ts';
import type { TableColumn } from '../format-table.ts';
import { rowId, rowIds, whole } from '../read-arguments.ts';

export const SESSION_COLUMNS: TableColumn<ApiSession>[] = [
  { title: 'id', text: ({ id }) => String(id), align: 'right' },
  { title: 'state', text: ({ status }) => status },
  { title: 'source', text: ({ source }) => source },
  { title: 'location', text: ({ location }) => location },
  { title: 'leads', text: ({ leadsFound }) => formatCount(leadsFound), align: 'right' },
  { title: 'new', text: ({ leadsNew }) => formatCount(leadsNew), align: 'right' },
  { title: 'tries', text: ({ retryCount, maxRetries }) => `${retryCount}/${maxRetries}`, align: 'right' },
  {
    title: 'what',
    text: ({ error, statusReason, progress }) => error?.message ?? statusReason ?? progress?.message ?? '',
  },
];

interface ListOptions {
  status?: string;
  source?: string;
  location?: string;
  batch?: string;
  limit: number;
}

interface LogOptions {
  level?: string;
  tail?: number;
  follow?: true;
}

export function addSessionCommands(program: Command, ports: CliPorts): void {
  const sessions = program.command('sessions').description('see and steer sessions');
  sessions
    .command('list')
    .description('the newest sessions')
    .option('--status <a,b>', 'pending, running, completed, failed, cancelled')
    .option('--source <name>')
    .option('--location <text>', 'any part of it')
    .option('--batch <id>')
    .addOption(new Option('--limit <n>').argParser(whole(1, 1_000)).default(50))
    .action((options: ListOptions) => withContext(ports, (context) => list(context, options)));
  sessions
    .command('show')
    .description('one session with its attempts')
    .argument('<id>', 'number of a session', rowId)
    .action((id: number) => withContext(ports, (context) => show(context, id)));
  for (const [name, change] of Object.entries({ cancel: cancelSession, retry: retrySession })) {
    sessions
      .command(name)
      .description(
        name === 'cancel' ? 'end waiting sessions, and ask workers to stop running ones' : 'start ended sessions again',
      )
      .argument('<id...>', 'numbers of sessions', rowIds)
      .action(async (ids: number[]) => {
        process.exitCode = await withContext(ports, (context) =>
          forEachId(ids, context.output, async (id) => {
            const answer = await change(context, id);
            context.output.answer(answer, () => [`Session ${answer.id}: ${answer.status}.`]);
          }),
        );
      });
  }
  sessions
    .command('logs')
    .description('the log of a session')
    .argument('<id>', 'number of a session', rowId)
    .addOption(new Option('--level <level>', 'this level and what is worse').choices(LOG_LEVELS))
    .addOption(new Option('--tail <n>', 'only the last n lines').argParser(whole(1, 1_000)))
    .option('--follow', 'go on until the session has ended')
    .action((id: number, options: LogOptions) =>
      withContext(ports, (context) => showLogs(context, id, options, ports.signal)),
    );
}

async function list({ db, output }: CliContext, { batch, limit, ...rest }: ListOptions): Promise<void> {
  const given = Object.entries({ ...rest, batchId: batch }).filter((entry) => entry[1] !== undefined);
  const filter = parseQuery(sessionFilterSchema, new URLSearchParams(given as [string, string][]));
  const { items } = await listSessions(db, filter, { limit, after: null });
  output.list(items, SESSION_COLUMNS, 'No session matches.');
}

async function show({ db, output }: CliContext, id: number): Promise<void> {
  const session = await getSession(db, id);
  output.answer(session, () => describe(session));
}

function describe(session: ApiSessionDetail): string[] {
  const { id, source, location, status, stateInWords, error, attempts } = session;
  const facts = [
    `Session ${id}: ${source} for ${location}`,
    `  ${status}: ${stateInWords}`,
    `  ${formatCount(session.leadsFound)} leads, ${formatCount(session.leadsNew)} new; ${session.retryCount} of ${session.maxRetries} further tries used`,
    `  created ${formatTime(session.createdAt)}, batch ${session.batchId}`,
    ...(error ? [`  error ${error.code}: ${error.message}`] : []),
  ];
  return [...facts, ...attempts.map(describeAttempt)];
}

function describeAttempt({
  claimNumber,
  outcome,
  endedAt,
  durationMs,
  workerId,
  leadsFound,
  error,
}: ApiAttempt): string {
  const why = error ? `: ${error.message}` : '';
  return `  claim ${claimNumber} ${outcome} ${formatTime(endedAt)} after ${formatDuration(durationMs)} by ${workerId ?? 'nobody'}, ${formatCount(leadsFound)} leads${why}`;
}

const LOG_PAGE = 200;
const FOLLOW_MS = 1_000;

async function showLogs(context: CliContext, id: number, options: LogOptions, signal: AbortSignal): Promise<void> {
  const filter = parseQuery(logFilterSchema, new URLSearchParams(options.level ? { level: options.level } : {}));
  let after = await printPages(context, id, filter, options.tail ?? null, 0);
  while (options.follow && !signal.aborted) {
    const { status } = await getSession(context.db, id);
    after = await printPages(context, id, filter, null, after);
    if (status !== 'pending' && status !== 'running') return;
    await wait(FOLLOW_MS, undefined, { signal }).catch(() => {});
  }
}

/** Prints what there is after a line; gives the last line. */
async function printPages(
  { db, output }: CliContext,
  id: number,
  filter: LogFilter,
  tail: number | null,
  after: number,
) {
  for (let last = after; ; ) {
    const wanted = { ...filter, ...(tail === null ? {} : { tail: true }), ...(last > 0 ? { after: last } : {}) };
    const { items, nextCursor } = await listSessionLogs(db, id, wanted, { limit: tail ?? LOG_PAGE, after: null });
    for (const line of items) output.answer(line, () => [formatLogLine(line)]);
    last = items.at(-1)?.id ?? last;
    if (nextCursor === null) return last;
  }
}

const formatLogLine = ({ at, level, message, context }: ApiLogLine): string =>
  `${at} ${level.padEnd(5)} ${message}${context ? ` ${JSON.stringify(context)}` : ''}`;
