import { Command, CommanderError, Option } from 'commander';
import { WORKERS_MAX } from '#lib/workers-max.ts';
import type { RunLimits } from '#workers/manager/run-limits.ts';
import { hours, sourceList, whole } from './read-arguments.ts';

export { CommanderError };

/** What `eko worker` and the npm scripts that start workers can be told. */
export interface WorkerFlags {
  workers: number | null;
  limits: RunLimits;
  sources: string[] | null;
  keepAwake: boolean;
  /** New workers on every change of the source. */
  dev: boolean;
  /** Module of scrapers in place of the built-in ones; for tests. */
  scrapers: string | null;
  /** Whether news of the run go to stdout, as JSON lines. */
  news: boolean;
  /** JSON lines also on a terminal. */
  json: boolean;
  /** Settings given as flags, by their names in the environment. */
  settings: Record<string, string>;
}

/** Flags that say the same as a setting, and win over it. */
const SETTING_OF_FLAG = {
  concurrency: 'WORKER_CONCURRENCY',
  env: 'EKO_ENV',
  workerId: 'WORKER_ID',
  nodeId: 'NODE_ID',
  databaseUrl: 'DATABASE_URL',
  server: 'EKO_SERVER_URL',
  token: 'EKO_SERVER_TOKEN',
  maxRetries: 'MAX_RETRIES',
  heartbeatInterval: 'HEARTBEAT_INTERVAL',
} as const;

type SettingFlags = { [flag in keyof typeof SETTING_OF_FLAG]?: string };

interface Options extends SettingFlags {
  workers?: number;
  maxWork?: number;
  maxFailures?: number;
  maxIdleHours?: number;
  once?: true;
  drain?: true;
  sources?: string[];
  keepAwake?: true;
  dev?: true;
  scrapers?: string;
  news?: true;
  json?: true;
}

/** The command with all its flags; `run` gets them checked. */
export function createWorkerCommand(run: (flags: WorkerFlags) => Promise<void>): Command {
  const command = new Command('worker')
    .description('run workers on this machine until they are stopped or a limit is reached')
    .allowExcessArguments(false);
  for (const option of [...limitOptions(), ...machineOptions(), ...settingOptions()]) command.addOption(option);
  return command.action((options: Options) => run(toFlags(options)));
}

function limitOptions(): Option[] {
  return [
    new Option('--max-work <n>', 'stop when n tries of sessions are done').argParser(whole(1, 1_000_000_000)),
    new Option(
      '--max-failures <n>',
      'stop after n looks in a row that found nothing (they wait 1, 2, 4 … 60 s)',
    ).argParser(whole(1, 100_000)),
    new Option('--max-idle-hours <h>', 'stop after so many hours without a session, such as 0.5').argParser(hours),
    new Option('--once', 'take what the workers can run at once, finish it and stop').conflicts([
      'drain',
      'maxWork',
      'maxFailures',
      'maxIdleHours',
    ]),
    new Option('--drain', 'work until nothing waits any more and stop').conflicts(['maxFailures', 'maxIdleHours']),
  ];
}

function machineOptions(): Option[] {
  return [
    new Option('--workers <n>', 'worker processes').argParser(whole(0, WORKERS_MAX)),
    new Option('--sources <a,b>', 'only sessions of these sources').argParser(sourceList),
    new Option('--keep-awake', 'keep the machine from sleeping as long as this runs'),
    new Option('--dev', 'start new workers on every change of the source').conflicts(['once', 'drain']),
    new Option('--json', 'JSON lines also on a terminal'),
    new Option('--news', 'tell on stdout how the run gets on').hideHelp(),
    new Option('--scrapers <module>').hideHelp(),
  ];
}

function settingOptions(): Option[] {
  return [
    new Option('--concurrency <n>', 'sessions that each worker runs at once'),
    new Option('--env <name>', 'development, testing or production'),
    new Option('--worker-id <id>', 'name of the worker; several get -1, -2, …'),
    new Option('--node-id <id>', 'name of this machine'),
    new Option('--database-url <url>', 'PostgreSQL to work on').conflicts(['server', 'token']),
    new Option('--server <url>', 'dashboard to work for over HTTP, without a database (docs/workers-over-http.md)'),
    new Option(
      '--token <token>',
      'of the role "worker", for --server; better in EKO_SERVER_TOKEN, where no list of processes shows it',
    ),
    new Option('--max-retries <n>', 'further tries of a failed session that a schedule starts here'),
    new Option('--heartbeat-interval <seconds>', 'between two signs of life'),
  ];
}

function toFlags(options: Options): WorkerFlags {
  const { maxWork, maxFailures, maxIdleHours } = options;
  return {
    workers: options.workers ?? null,
    limits: {
      until: options.once ? 'once' : options.drain ? 'drained' : 'stopped',
      maxWork: maxWork ?? null,
      maxFailures: maxFailures ?? null,
      maxIdleMs: maxIdleHours === undefined ? null : maxIdleHours * 3_600_000,
    },
    sources: options.sources ?? null,
    keepAwake: options.keepAwake ?? false,
    dev: options.dev ?? false,
    scrapers: options.scrapers ?? null,
    news: options.news ?? false,
    json: options.json ?? false,
    settings: givenSettings(options),
  };
}

function givenSettings(options: SettingFlags): Record<string, string> {
  const flags = Object.keys(SETTING_OF_FLAG) as (keyof typeof SETTING_OF_FLAG)[];
  const given = flags.flatMap((flag) => (options[flag] === undefined ? [] : [[SETTING_OF_FLAG[flag], options[flag]]]));
  // Whoever says what to work on means that, whatever else the environment says.
  if (options.databaseUrl !== undefined) given.push(['EKO_SERVER_URL', ''], ['DIRECT_DATABASE_URL', '']);
  return Object.fromEntries(given);
}
