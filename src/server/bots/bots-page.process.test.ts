import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '#test/api-server.ts';
import { findPeer } from '#test/require-peer.ts';
import { createTestServerContext, TEST_TOKEN, type TestServerContext } from '#test/server-context.ts';

const PAGE = path.resolve(import.meta.dirname, '../../../docs/bots.md');
const curl = findPeer('curl');

let server: TestServerContext;
let http: ApiServer;
beforeAll(async () => {
  server = await createTestServerContext();
  http = await startApiServer();
});
afterAll(async () => {
  await http.close();
  await server.close();
});

/** Runs a script with its lines on standard input; resolves to its exit code and all that it said. */
function runShell(script: string): Promise<{ code: number | null; output: string }> {
  const shell = spawn('sh', ['-e', '-s'], {
    env: {
      ...process.env,
      EKO_URL: http.origin,
      ADMIN_TOKEN: TEST_TOKEN,
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
    },
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  shell.stdin.end(script);
  return new Promise((resolve) => shell.once('close', (code) => resolve({ code, output })));
}

describe.skipIf(curl === null)('docs/bots.md', () => {
  it('has commands that run as they are printed, from the token to the goodbye', async () => {
    const page = await readFile(PAGE, 'utf8');
    const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
    expect(blocks).toHaveLength(4);
    const { code, output } = await runShell(blocks.join('\n'));
    expect(code, output).toBe(0);
    expect(output).toContain('"outcome":"completed"');
    const sessions = await server.database.db.query(
      `select location, status, leads_found as "leadsFound" from scraping_sessions order by id`,
    );
    expect(sessions).toEqual([
      { location: 'Savannah, GA', status: 'pending', leadsFound: 0 },
      { location: 'Macon, GA', status: 'completed', leadsFound: 1 },
    ]);
  });
});
