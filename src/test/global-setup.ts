import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { createDb } from '#lib/db/create-db.ts';
import { migrate } from '#lib/db/migrate.ts';
import { startTestPostgres } from './postgres-server.ts';

/** Where test databases are made: a role that may create databases, and the migrated database to clone. */
export interface TestServer {
  url: string;
  template: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    testPostgres: TestServer;
  }
}

interface Running {
  server: Promise<TestServer & { close(): Promise<void> }>;
  users: number;
}

/** Each kind of test is a vitest project with this set-up; they share one server through the process they run in. */
const shared = globalThis as { ekoTestServer?: Running };

/** Starts PostgreSQL once for the whole run, or takes TEST_DATABASE_URL (a role that may create databases). */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.ekoTestServer ??= { server: openServer(), users: 0 };
  const running = shared.ekoTestServer;
  running.users += 1;
  const { url, template, close } = await running.server;
  project.provide('testPostgres', { url, template });
  return async () => {
    running.users -= 1;
    if (running.users > 0) return;
    delete shared.ekoTestServer;
    await close();
  };
}

async function openServer(): Promise<TestServer & { close(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL;
  if (!given) {
    const server = await startTestPostgres();
    // Not the template itself: two files that clone it at once would each wait for the other's connection to go away.
    const address = new URL(server.url);
    address.pathname = '/postgres';
    return { url: address.toString(), template: 'eko', close: () => server.drop() };
  }
  const template = `eko_template_${randomBytes(6).toString('hex')}`;
  const db = createDb({ connectionString: given, applicationName: 'eko-test-setup', max: 1 });
  await db.query(`create database ${template}`);
  const address = new URL(given);
  address.pathname = `/${template}`;
  await migrate(address.toString());
  return {
    url: given,
    template,
    async close() {
      await db.query(`drop database if exists ${template} with (force)`);
      await db.close();
    },
  };
}
