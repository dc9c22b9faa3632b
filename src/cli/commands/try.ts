import { type Command, Option } from 'commander';
import { formatCount, formatDuration, plural } from '#components/format.ts';
import type { LeadDraft } from '#lib/leads/lead.ts';
import type { SourceName } from '#lib/scraper-config.ts';
import { SOURCE_RULES } from '#lib/sources/source-rules.ts';
import { parseInput } from '#server/parse-input.ts';
import { createScraper } from '#workers/scrapers/index.ts';
import type { CliPorts } from '../cli-context.ts';
import { EXIT } from '../exit-codes.ts';
import type { TableColumn } from '../format-table.ts';
import { jsonObject, oneSource } from '../read-arguments.ts';

const COLUMNS: TableColumn<LeadDraft>[] = [
  { title: 'role', text: ({ role }) => role },
  { title: 'name', text: ({ name, company }) => name ?? company ?? '' },
  { title: 'phone', text: ({ phone }) => phone ?? '' },
  { title: 'e-mail', text: ({ email }) => email ?? '' },
  { title: 'request', text: ({ request }) => request ?? '' },
  { title: 'city', text: ({ city }) => city ?? '' },
];

export function addTryCommand(program: Command, ports: CliPorts): void {
  program
    .command('try')
    .description('scrape a place without database and workers: shows what is found and saves nothing')
    .argument('<source>', 'name of a source', oneSource)
    .argument('<location>', 'such as "Savannah, GA"')
    .addOption(new Option('--params <json>', `such as '{"maxRows":20}'`).argParser(jsonObject))
    .action(async (source: SourceName, location: string, options: { params?: Record<string, unknown> }) => {
      process.exitCode = await tryScraper(ports, source, location, options.params ?? {});
    });
}

/** @throws ApiError for wrong parameters, and what the scrape throws unless somebody has stopped it. */
async function tryScraper(
  ports: CliPorts,
  source: SourceName,
  location: string,
  params: Record<string, unknown>,
): Promise<number> {
  const output = ports.output();
  parseInput(SOURCE_RULES[source].params, params, { code: 'invalid_params', prefix: 'params' });
  // The log goes to stdout, where only data belong here; its warnings are told below.
  ports.setSetting('LOG_LEVEL', 'silent');
  output.say(`Scraping ${location} for ${source}; nothing is saved …`);
  const result = await createScraper(source)
    .execute(location, { params, signal: ports.signal })
    .catch((error: unknown) => {
      if (ports.signal.aborted) return null;
      throw error;
    });
  if (result === null) {
    output.warn('Stopped before the end: nothing is shown, and nothing was saved.');
    return EXIT.failed;
  }
  output.list(result.leads, COLUMNS, 'No lead was found.');
  for (const warning of result.warnings) output.warn(warning);
  if (result.skipped !== undefined) output.warn(`Skipped: ${result.skipped}`);
  const requests = plural(result.requests.requestsMade, 'request');
  output.say(
    `${formatCount(result.totalLeads)} leads with ${requests} in ${formatDuration(result.durationMs)}. Nothing was saved.`,
  );
  return EXIT.done;
}
