import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import { exportLeads } from '#server/leads/export-leads.ts';
import { leadFilterSchema } from '#server/leads/lead-filter.ts';
import { parseQuery } from '#server/parse-query.ts';
import { type CliContext, type CliPorts, withContext } from '../cli-context.ts';
import { usingFile } from '../using-file.ts';

interface Options {
  format: string;
  output?: string;
  session?: string;
  batch?: string;
  [filter: string]: string | undefined;
}

export function addLeadCommands(program: Command, ports: CliPorts): void {
  const leads = program.command('leads').description('get leads out');
  leads
    .command('export')
    .description('all leads of a filter')
    .addOption(new Option('--format <format>').choices(['csv', 'ndjson']).default('csv'))
    .option('-o, --output <file>', 'a file instead of stdout')
    .option('--source <name>')
    .option('--location <text>', 'any part of the place that was asked for')
    .option('--portal <id>', 'one publisher, such as demo-savannah')
    .option('--session <id>', 'what this session saw')
    .option('--batch <id>')
    .option('--text <words>', 'beginnings of words')
    .option('--signal <a,b>', 'such as solar,re-roof')
    .option('--role <role>')
    .option('--state <state>')
    .option('--city <city>')
    .option('--has-phone <yes>', 'true or false')
    .option('--has-email <yes>', 'true or false')
    .option('--demo <yes>', 'true or false')
    .action((options: Options) => withContext(ports, (context) => runExport(context, options, ports)));
}

async function runExport({ db, output }: CliContext, options: Options, ports: CliPorts): Promise<void> {
  const { format, output: file, session, batch, ...rest } = options;
  const given = Object.entries({ ...rest, sessionId: session, batchId: batch }).filter(
    ([, value]) => value !== undefined,
  );
  const filter = parseQuery(leadFilterSchema, new URLSearchParams(given as [string, string][]));
  const { body } = await exportLeads(db, filter, format, new Date());
  if (!body) throw new Error('An export has a body.');
  if (file === undefined) {
    await body.pipeTo(Writable.toWeb(process.stdout), { preventClose: true });
    return;
  }
  const target = ports.resolvePath(file);
  await usingFile(target, 'written', () => writeWhole(body, target));
  output.say(`Written to ${target}.`);
}

/** The file is there when it is complete, and not before. */
async function writeWhole(body: ReadableStream<Uint8Array>, target: string): Promise<void> {
  const draft = `${target}.${process.pid}.part`;
  try {
    await body.pipeTo(Writable.toWeb(createWriteStream(draft, { mode: 0o600 })));
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
