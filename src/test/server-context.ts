import { readEnv } from '#lib/env.ts';
import { createServerContext, installServerContext, type ServerContext } from '#server/context.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export const TEST_TOKEN = 'test-admin-token-0123456789';

/** A database of its own, and the web process's context on it, which route handlers of this test file use. */
export interface TestServerContext {
  database: TestDatabase;
  context: ServerContext;
  close(): Promise<void>;
}

export async function createTestServerContext(env: Record<string, string> = {}): Promise<TestServerContext> {
  const database = await createTestDatabase();
  const context = createServerContext(
    readEnv({ DATABASE_URL: database.url, ADMIN_TOKEN: TEST_TOKEN, LOG_LEVEL: 'silent', ...env }),
  );
  installServerContext(context);
  return {
    database,
    context,
    async close() {
      installServerContext(undefined);
      await context.close();
      await database.drop();
    },
  };
}

/** A request as the framework hands it on, to an address that exists nowhere. */
export function apiRequest(path: string, init: RequestInit & { json?: unknown; token?: string | null } = {}): Request {
  const { json, token = TEST_TOKEN, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (!headers.has('host')) headers.set('host', 'dashboard.example.com');
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  if (json !== undefined) headers.set('content-type', 'application/json');
  return new Request(`http://dashboard.example.com${path}`, {
    ...rest,
    headers,
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
}
