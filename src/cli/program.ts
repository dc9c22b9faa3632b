import { Command, Option } from 'commander';
import { SettingsError } from '#lib/env.ts';
import { PROGRAM_VERSION } from '#server/program-version.ts';
import type { CliPorts } from './cli-context.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addLeadCommands } from './commands/leads.ts';
import { addMigrateCommand } from './commands/migrate.ts';
import { addNodeCommands } from './commands/nodes.ts';
import { addProxyCommands } from './commands/proxies.ts';
import { addSessionCommands } from './commands/sessions.ts';
import { addStatusCommand } from './commands/status.ts';
import { addTokenCommands } from './commands/token.ts';
import { addTriggerCommand } from './commands/trigger.ts';
import { addTryCommand } from './commands/try.ts';
import { createWorkerCommand } from './worker-flags.ts';

const AFTER_HELP = `
Commands work on the database of DATABASE_URL, or on the embedded one that a running "npm start" keeps in EKO_DATA_DIR.
Exit codes: 0 done, 1 not done or not all of it, 2 wrong command line or settings, 3 there is no such thing or nothing to do.`;

interface GlobalOptions {
  databaseUrl?: string;
  env?: string;
}

/** Everything that `npx eko` can do. Errors are thrown, not told. */
export function createProgram(ports: CliPorts): Command {
  const program = new Command('eko')
    .description('EKO Lead Generator')
    .version(PROGRAM_VERSION, '-V, --version', 'the version of this program')
    .addOption(new Option('--json', 'JSON lines also on a terminal'))
    .addOption(new Option('--database-url <url>', 'PostgreSQL to work on'))
    .addOption(new Option('--env <name>', 'development, testing or production'))
    .addHelpText('after', AFTER_HELP)
    .exitOverride()
    .hook('preAction', () => applySettings(program.opts<GlobalOptions>(), ports));
  // It is listed here, and run in run-program.ts: its flags are its own, since the npm scripts take them too.
  program.addCommand(createWorkerCommand(refuseFlagsBefore));
  addTriggerCommand(program, ports);
  addTryCommand(program, ports);
  addSessionCommands(program, ports);
  addLeadCommands(program, ports);
  addProxyCommands(program, ports);
  addNodeCommands(program, ports);
  addStatusCommand(program, ports);
  addDoctorCommand(program, ports);
  addMigrateCommand(program, ports);
  addTokenCommands(program, ports);
  return program;
}

async function refuseFlagsBefore(): Promise<void> {
  throw new SettingsError('Flags of "worker" come after it, such as "npx eko worker --json".');
}

function applySettings({ databaseUrl, env }: GlobalOptions, ports: CliPorts): void {
  if (env !== undefined) ports.setSetting('EKO_ENV', env);
  if (databaseUrl === undefined) return;
  ports.setSetting('DATABASE_URL', databaseUrl);
  // The one that is set belongs to another database.
  ports.setSetting('DIRECT_DATABASE_URL', '');
}
