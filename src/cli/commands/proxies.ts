import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { formatMs, formatRatio, plural } from '#components/format.ts';
import type { ApiProxy, ApiProxyImport } from '#lib/api/proxy.ts';
import { parseQuery } from '#server/parse-query.ts';
import { addProxies } from '#server/proxies/add-proxies.ts';
import { changeProxy, removeProxy } from '#server/proxies/change-proxy.ts';
import { listProxies, proxyFilterSchema } from '#server/proxies/list-proxies.ts';
import { type CliContext, type CliPorts, withContext } from '../cli-context.ts';
import { EXIT } from '../exit-codes.ts';
import type { TableColumn } from '../format-table.ts';
import { rowId, whole } from '../read-arguments.ts';
import { usingFile } from '../using-file.ts';

const COLUMNS: TableColumn<ApiProxy>[] = [
  { title: 'id', text: ({ id }) => String(id), align: 'right' },
  { title: 'state', text: ({ status }) => status },
  { title: 'proxy', text: ({ protocol, host, port }) => `${protocol}://${host}:${port}` },
  { title: 'tier', text: ({ tier }) => String(tier), align: 'right' },
  { title: 'works', text: ({ successRate }) => formatRatio(successRate), align: 'right' },
  { title: 'takes', text: ({ avgResponseTimeMs: ms }) => (ms === null ? '–' : formatMs(ms)), align: 'right' },
  { title: 'exit', text: ({ exitAddress }) => exitAddress ?? '' },
  { title: 'last error', text: ({ lastError }) => lastError ?? '' },
];

const CHANGES = {
  test: 'check a proxy now, by the next free worker',
  enable: 'start afresh with a proxy',
  disable: 'let no request go through a proxy',
} as const;

export function addProxyCommands(program: Command, ports: CliPorts): void {
  const proxies = program.command('proxies').description('see and change the proxies');
  const tier = () => new Option('--tier <n>', 'lower is preferred').argParser(whole(0, 100));
  proxies
    .command('list')
    .description('the proxies and how well they work')
    .option('--status <a,b>', 'testing, active, cooling, failed, disabled')
    .action((options: { status?: string }) => withContext(ports, (context) => list(context, options)));
  proxies
    .command('add')
    .description('add a proxy')
    .argument('<url>', 'such as http://user:password@host:8080')
    .addOption(tier())
    .action((url: string, options: { tier?: number }) =>
      withContext(ports, (context) => add(context, { url, ...options })),
    );
  proxies
    .command('import')
    .description('add the proxies of a file, one a line')
    .argument('<file>')
    .addOption(tier())
    .action((file: string, options: { tier?: number }) =>
      withContext(ports, async (context) =>
        add(context, { list: await readList(ports.resolvePath(file)), ...options }),
      ),
    );
  proxies
    .command('remove')
    .description('remove a proxy with its bans')
    .argument('<id>', 'number of a proxy', rowId)
    .action((id: number) =>
      withContext(ports, async (context) => {
        await removeProxy(context, id);
        context.output.answer({ removed: id }, () => [`Proxy ${id} is removed.`]);
      }),
    );
  for (const [change, description] of Object.entries(CHANGES)) {
    proxies
      .command(change)
      .description(description)
      .argument('<id>', 'number of a proxy', rowId)
      .action((id: number) =>
        withContext(ports, async (context) => {
          const proxy = await changeProxy(context, id, change as keyof typeof CHANGES);
          context.output.answer(proxy, () => [`Proxy ${id} is ${proxy.status}.`]);
        }),
      );
  }
}

const PAGE = 200;

async function list({ db, output }: CliContext, options: { status?: string }): Promise<void> {
  const filter = parseQuery(proxyFilterSchema, new URLSearchParams(options.status ? { status: options.status } : {}));
  const items: ApiProxy[] = [];
  for (let after: number | null = null; ; ) {
    const page = await listProxies(db, filter, { limit: PAGE, after });
    items.push(...page.items);
    if (page.nextCursor === null) break;
    after = page.items.at(-1)?.id ?? null;
  }
  output.list(items, COLUMNS, 'There is no proxy; sites are asked directly.');
}

const readList = (file: string) => usingFile(file, 'read', () => readFile(file, 'utf8'));

async function add(context: CliContext, input: unknown): Promise<void> {
  const result = await addProxies(context, input);
  context.output.answer(result, () => describeImport(result));
  if (result.added + result.known === 0) process.exitCode = EXIT.failed;
}

function describeImport({ added, known, problems }: ApiProxyImport): string[] {
  return [
    `${plural(added, 'proxy', 'proxies')} added, ${known} known already.`,
    ...problems.map(({ line, problem }) => `Line ${line}: ${problem}`),
  ];
}
