import { startDemoServer } from './server.ts';

/**
 * The demo server as a process of its own. Settings come as arguments: `--port N` (0 for a free one), `--rows N`.
 * Tells its origin to the parent over IPC, and ends when that channel closes.
 * Exit codes: 0 asked to stop, 1 could not listen.
 */
function numberArgument(name: string, fallback: number): number {
  const at = process.argv.indexOf(name);
  const value = at < 0 ? Number.NaN : Number(process.argv[at + 1]);
  return Number.isInteger(value) && value >= 0 ? value : fallback;
}

const log = (level: string, message: string) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, name: 'demo', message })}\n`);

try {
  const server = await startDemoServer({ port: numberArgument('--port', 0), rows: numberArgument('--rows', 3_000) });
  const stop = () => void server.close().then(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  process.on('disconnect', stop);
  process.send?.({ type: 'listening', origin: server.origin });
  log('info', `Demo publishers at ${server.origin}`);
} catch (error) {
  log('error', `Cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
