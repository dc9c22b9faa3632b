import path from 'node:path';
import { superviseChild } from './children.ts';
import { type ReservedPort, reserveHttpPort } from './http-port.ts';
import type { Output } from './output.ts';
import { type Shutdown, STOP_RANK } from './shutdown.ts';
import { waitUntilHealthy } from './wait-until-healthy.ts';

export interface WebOptions {
  root: string;
  host: string;
  /** The PORT that was asked for; undefined: any near 3000. */
  wanted: number | undefined;
  /** Held for us since the start began. */
  reserved: ReservedPort;
  dev: boolean;
  env: NodeJS.ProcessEnv;
}

/** First compile of `next dev` on a small machine included. */
const HEALTHY_WITHIN_MS = 120_000;

/**
 * Starts the dashboard and waits until it is healthy. Between our letting go of the port and Next's taking it another
 * program can slip in; where no certain port was asked for, the next one is tried.
 * @returns the address that people open.
 */
export async function startWeb(options: WebOptions, shutdown: Shutdown, output: Output): Promise<string> {
  let { reserved } = options;
  for (let attempt = 1; ; attempt += 1) {
    const origin = originOf(options.host, reserved.port);
    await reserved.release();
    const child = superviseChild(webSpec(options, reserved.port), output);
    const remove = shutdown.add({
      name: 'the dashboard',
      rank: STOP_RANK.dashboard,
      stop: child.stop,
      kill: child.kill,
    });
    try {
      await Promise.race([waitUntilHealthy(origin, child.firstExit, HEALTHY_WITHIN_MS), shutdown.requested]);
      shutdown.throwIfRequested();
      return origin;
    } catch (error) {
      if (shutdown.signal.aborted || options.wanted !== undefined || attempt === 3) throw error;
      await child.stop();
      remove();
      reserved = await reserveHttpPort(undefined, options.host, () => {});
    }
  }
}

function webSpec(options: WebOptions, port: number) {
  const next = path.join(options.root, 'node_modules', 'next', 'dist', 'bin', 'next');
  const watchdog = path.join(options.root, 'scripts', 'lib', 'end-with-parent.mjs');
  return {
    name: 'web',
    args: ['--import', watchdog, next, options.dev ? 'dev' : 'start', '-p', String(port), '-H', options.host],
    env: {
      ...options.env,
      NODE_ENV: options.dev ? ('development' as const) : ('production' as const),
      NEXT_TELEMETRY_DISABLED: '1',
    },
    cwd: options.root,
    graceMs: 10_000,
  };
}

/** "All addresses" is none that a browser can open. */
function originOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
