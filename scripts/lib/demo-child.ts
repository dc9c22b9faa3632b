import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { superviseChild } from './children.ts';
import type { Output } from './output.ts';
import { findFreePort, isPortFree } from './ports.ts';
import { writePrivateFile } from './private-file.ts';
import { type Shutdown, STOP_RANK } from './shutdown.ts';

/**
 * Starts the demo publishers as a process of their own and waits until they listen. Their port is kept in the data folder,
 * so that the addresses in the leads stay valid over restarts.
 * @returns their origin, such as "http://127.0.0.1:40123".
 */
export async function startDemo(
  options: { root: string; dataDir: string; script: string; env: NodeJS.ProcessEnv },
  shutdown: Shutdown,
  output: Output,
): Promise<string> {
  const port = await choosePort(path.join(options.dataDir, 'demo-port'));
  const origin = `http://127.0.0.1:${port}`;
  let listening: () => void = () => {};
  const ready = new Promise<string>((resolve) => {
    listening = () => resolve('ready');
  });
  const child = superviseChild(
    {
      name: 'demo',
      args: [options.script, '--port', String(port)],
      env: options.env,
      cwd: options.root,
      graceMs: 3_000,
      onMessage: () => listening(),
    },
    output,
  );
  shutdown.add({ name: 'the demo publishers', rank: STOP_RANK.demo, stop: child.stop, kill: child.kill });
  const outcome = await Promise.race([ready, child.firstExit]);
  shutdown.throwIfRequested();
  if (outcome !== 'ready') output.say('warn', 'the demo publishers do not start; everything else goes on without them');
  return origin;
}

async function choosePort(file: string): Promise<number> {
  const kept = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (Number.isInteger(kept) && kept > 0 && kept < 65_536 && (await isPortFree(kept, '127.0.0.1'))) return kept;
  const port = await findFreePort();
  writePrivateFile(file, `${port}\n`);
  return port;
}
