import { type Command, Option } from 'commander';
import { formatTime } from '#components/format.ts';
import type { ApiToken } from '#lib/api/token.ts';
import { ROLES } from '#lib/db/schema/vocabulary.ts';
import { listApiTokens } from '#lib/tokens/api-tokens.ts';
import { addToken, revokeToken } from '#server/tokens/change-tokens.ts';
import { type CliContext, type CliPorts, withContext } from '../cli-context.ts';
import type { TableColumn } from '../format-table.ts';
import { rowId, sourceNames, whole } from '../read-arguments.ts';

const COLUMNS: TableColumn<ApiToken>[] = [
  { title: 'id', text: ({ id }) => String(id), align: 'right' },
  { title: 'name', text: ({ name }) => name },
  { title: 'role', text: ({ role }) => role },
  { title: 'sources', text: ({ sources }) => sources?.join(',') ?? 'all' },
  { title: 'last used', text: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : formatTime(lastUsedAt)) },
  { title: 'state', text: stateOf },
];

interface CreateOptions {
  role: string;
  sources?: string[];
  expiresInDays?: number;
}

export function addTokenCommands(program: Command, ports: CliPorts): void {
  const tokens = program.command('token').description('tokens for programs and bots that speak to the HTTP API');
  tokens
    .command('create')
    .description('make a token; it is shown once')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--role <role>').choices(ROLES).default('bot'))
    .addOption(new Option('--sources <a,b>', 'the only sources that a bot may claim').argParser(sourceNames))
    .addOption(new Option('--expires-in-days <n>', 'for ever unless given').argParser(whole(1, 3650)))
    .action((name: string, options: CreateOptions) => withContext(ports, (context) => create(context, name, options)));
  tokens
    .command('list')
    .description('the tokens, without their texts')
    .action(() =>
      withContext(ports, async ({ db, output }) =>
        output.list(await listApiTokens(db), COLUMNS, 'There is no token but the admin token.'),
      ),
    );
  tokens
    .command('revoke')
    .description('end a token at once; what its bots were working on goes back')
    .argument('<id>', 'number of a token', rowId)
    .action((id: number) =>
      withContext(ports, async (context) => {
        await revokeToken(context, id);
        context.output.answer({ revoked: id }, () => [`Token ${id} is revoked.`]);
      }),
    );
}

async function create(context: CliContext, name: string, options: CreateOptions): Promise<void> {
  const made = await addToken(context, { name, ...options });
  context.output.say(`Token ${made.id} for "${made.name}", role ${made.role}. It is shown only now:`);
  context.output.answer(made, () => [made.token]);
}

function stateOf({ revokedAt, expiresAt }: ApiToken): string {
  if (revokedAt !== null) return `revoked ${formatTime(revokedAt)}`;
  return expiresAt === null ? 'good' : `until ${formatTime(expiresAt)}`;
}
