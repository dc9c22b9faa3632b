import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { choosePort } from './choose-port.ts';
import { waitFor } from './wait-for.ts';

/** One line of the access log. */
export interface NginxRequest {
  /** When the response had been sent, in ms since 1970. */
  sentAtMs: number;
  status: number;
  path: string;
}

export interface Nginx {
  origin: string;
  /** `host:port`, for EKO_ALLOW_ADDRESSES and as the host's key. */
  address: string;
  /** What it has been asked so far, in order. */
  requests(): Promise<NginxRequest[]>;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** Requests a minute that it serves at most, over all clients; any further one gets 503 at once. */
  ratePerMinute: number;
  /** What every page says. */
  json: unknown;
}

/**
 * Starts a real nginx whose limit_req has no burst: it counts each request by its arrival, robots.txt too (which it does not
 * have), and refuses what comes a millisecond too early.
 */
export async function startNginx(program: string, options: NginxOptions): Promise<Nginx> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eko-nginx-'));
  const port = await choosePort();
  await writeFile(path.join(folder, 'page.json'), JSON.stringify(options.json));
  await writeFile(path.join(folder, 'access.log'), '');
  await writeFile(path.join(folder, 'nginx.conf'), configuration(folder, port, options.ratePerMinute));
  let output = '';
  const child = spawn(program, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(() => child.exitCode !== null || canConnect(port), { timeoutMs: 20_000, what: 'nginx to listen' });
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}: ${output}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const address = `127.0.0.1:${port}`;
  return {
    origin: `http://${address}`,
    address,
    requests: async () => readLog(await readFile(path.join(folder, 'access.log'), 'utf8')),
    stop,
  };
}

/** Pages are files: a `return` would answer before limit_req has been asked. */
function configuration(folder: string, port: number, ratePerMinute: number): string {
  return `
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  log_format pace '$msec $status $request_uri';
  limit_req_zone $server_name zone=pace:1m rate=${ratePerMinute}r/m;
  limit_req_status 503;
  client_body_temp_path tmp;
  proxy_temp_path tmp;
  fastcgi_temp_path tmp;
  uwsgi_temp_path tmp;
  scgi_temp_path tmp;
  server {
    listen 127.0.0.1:${port};
    server_name pace.example;
    root ${folder};
    default_type application/json;
    access_log access.log pace;
    limit_req zone=pace;
    location / { try_files /page.json =404; }
    location = /robots.txt { try_files /nothing =404; }
  }
}
`;
}

function readLog(text: string): NginxRequest[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [seconds = '', status = '', requestPath = ''] = line.split(' ');
    return { sentAtMs: Math.round(Number(seconds) * 1_000), status: Number(status), path: requestPath };
  });
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
