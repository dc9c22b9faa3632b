import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { choosePort } from './choose-port.ts';
import { waitFor } from './wait-for.ts';

export interface PgBouncer {
  /** The database of the given address, through the pooler. */
  url: string;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/** So few that clients share them all the time. */
export const POOL_SIZE = 4;

export type PoolMode = 'transaction' | 'session';

/**
 * Starts a real PgBouncer before the database of `url`, with nothing set that would help us: it refuses start-up parameters that it
 * does not know.
 */
export async function startPgBouncer(program: string, url: string, mode: PoolMode = 'transaction'): Promise<PgBouncer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eko-pgbouncer-'));
  const port = await choosePort();
  const file = path.join(folder, 'pgbouncer.ini');
  await writeFile(file, configuration(new URL(url), port, mode), { mode: 0o600 });
  // It refuses to run as root; it reads its configuration before it becomes somebody else.
  const asUser = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(program, [...asUser, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    // SIGINT waits for its clients, SIGTERM does not.
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(() => child.exitCode !== null || canConnect(port), {
      timeoutMs: 20_000,
      what: 'PgBouncer to listen',
    });
    if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}: ${output}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const pooled = new URL(url);
  pooled.port = String(port);
  return { url: pooled.toString(), log: () => output, stop };
}

function configuration(url: URL, port: number, mode: PoolMode): string {
  const database = url.pathname.slice(1);
  return `
[databases]
${database} = host=${url.hostname} port=${url.port} dbname=${database} user=${url.username} password=${decodeURIComponent(url.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${POOL_SIZE}
max_client_conn = 200
`;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
