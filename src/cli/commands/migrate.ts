import type { Command } from 'commander';
import { migrate } from '#lib/db/migrate.ts';
import { translateOutages } from '#server/report-outages.ts';
import { type CliPorts, findDatabaseUrl } from '../cli-context.ts';
import { explainingDatabase, type NamedDatabase } from '../unusable-database.ts';

export function addMigrateCommand(program: Command, ports: CliPorts): void {
  program
    .command('migrate')
    .description('bring the schema of the database up to date')
    .action(async () => {
      const env = ports.readEnv();
      // A pooler may end a connection that takes long.
      const database: NamedDatabase = env.DIRECT_DATABASE_URL
        ? { url: env.DIRECT_DATABASE_URL, setting: 'DIRECT_DATABASE_URL' }
        : { url: await findDatabaseUrl(ports, env), setting: 'DATABASE_URL' };
      const work = () => translateOutages(() => migrate(database.url));
      const { applied, total } = await explainingDatabase(database, work);
      ports
        .output()
        .answer({ applied, total }, () => [
          applied === 0 ? `Up to date (${total} migrations).` : `Applied ${applied} of ${total} migrations.`,
        ]);
    });
}
