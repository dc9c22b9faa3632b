import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ProxyAddress } from '#workers/proxy/proxy-url.ts';
import { choosePort } from './choose-port.ts';
import { findPeer } from './require-peer.ts';
import { waitFor } from './wait-for.ts';

export interface RealProxy {
  address: ProxyAddress;
  /** `host:port`, as an allow list wants it. */
  host: string;
  /** How many tunnels its log says were asked for and allowed or failed. */
  countTunnels(): Promise<number>;
  stop(): Promise<void>;
}

/** The one user that these proxies know where they ask for one. */
export const PROXY_USER = { username: 'ann', password: 'secretword' };
/** The password, as crypt(3) keeps it. */
const PASSWORD_HASH = '$6$tests$rblwiWwNAO9JzVqgaB6BtmVAkgL2TWZSFNiR4USB1Sb9DKiwNn/Bg2sxXIAXb0cBoLHCdiitkkYDMFVPOOEfL0';

interface ProxyPlan {
  protocol: 'http' | 'socks5';
  program: string;
  /** Writes the configuration for this port into the folder, and returns how to run it. */
  prepare(folder: string, port: number): Promise<{ command: string; args: string[] }>;
  log: string;
  /** A line of the log that tells of one tunnel. */
  tunnelLine: RegExp;
}

type Starter = (signIn: boolean) => Promise<RealProxy>;

/** Real proxies by name; null where the program is not installed. */
export const REAL_PROXIES: Record<'squid' | 'tinyproxy' | 'danted', Starter | null> = {
  squid: starterOf('squid', (program, signIn) => ({
    protocol: 'http',
    program,
    prepare: async (folder, port) => {
      await writeFile(path.join(folder, 'users'), `${PROXY_USER.username}:${PASSWORD_HASH}\n`);
      await writeFile(path.join(folder, 'squid.conf'), squidConfig(folder, port, signIn));
      return { command: program, args: ['-N', '-f', path.join(folder, 'squid.conf')] };
    },
    log: 'access.log',
    tunnelLine: / CONNECT /,
  })),
  tinyproxy: starterOf('tinyproxy', (program, signIn) => ({
    protocol: 'http',
    program,
    prepare: async (folder, port) => {
      await writeFile(path.join(folder, 'tinyproxy.conf'), tinyproxyConfig(folder, port, signIn));
      return { command: program, args: ['-d', '-c', path.join(folder, 'tinyproxy.conf')] };
    },
    log: 'tinyproxy.log',
    tunnelLine: /Request .*: CONNECT /,
  })),
  danted: starterOf('danted', (program, signIn) => ({
    protocol: 'socks5',
    program,
    prepare: async (folder, port) => {
      await writeFile(path.join(folder, 'danted.conf'), danteConfig(folder, port, signIn));
      const args = ['-f', path.join(folder, 'danted.conf'), '-p', path.join(folder, 'danted.pid')];
      return signIn ? await withOwnUsers(folder, program, args) : { command: program, args };
    },
    log: 'danted.log',
    tunnelLine: /tcp\/connect (?:\[|\].*Connection refused)/,
  })),
};

/** Dante asks the system for its users. In a mount namespace of its own it sees one user more than the machine has. */
async function withOwnUsers(folder: string, program: string, args: string[]) {
  const { username } = PROXY_USER;
  const passwd = await readFile('/etc/passwd', 'utf8');
  const shadow = await readFile('/etc/shadow', 'utf8');
  await writeFile(path.join(folder, 'passwd'), `${passwd}${username}:x:60001:60001::/nonexistent:/usr/sbin/nologin\n`);
  await writeFile(path.join(folder, 'shadow'), `${shadow}${username}:${PASSWORD_HASH}:19000:0:99999:7:::\n`, {
    mode: 0o600,
  });
  const mounts = ['passwd', 'shadow'].map((file) => `mount --bind '${path.join(folder, file)}' /etc/${file}`);
  return {
    command: 'unshare',
    args: ['--mount', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh', program, ...args],
  };
}

function starterOf(name: string, plan: (program: string, signIn: boolean) => ProxyPlan): Starter | null {
  const program = findPeer(name);
  return program === null ? null : (signIn) => startProxy(plan(program, signIn), signIn);
}

async function startProxy(plan: ProxyPlan, signIn: boolean): Promise<RealProxy> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eko-proxy-'));
  // Started as root, they go on as users of their own.
  await chmod(folder, 0o777);
  const port = await choosePort();
  const { command, args } = await plan.prepare(folder, port);
  let output = '';
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
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
    await waitFor(() => child.exitCode !== null || canConnect(port), { timeoutMs: 20_000, what: plan.program });
    if (child.exitCode !== null) throw new Error(`${plan.program} ended with ${child.exitCode}: ${output}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const user = signIn ? PROXY_USER : { username: null, password: null };
  return {
    address: { protocol: plan.protocol, host: '127.0.0.1', port, ...user },
    host: `127.0.0.1:${port}`,
    countTunnels: async () => {
      const log = await readFile(path.join(folder, plan.log), 'utf8');
      return log.split('\n').filter((line) => plan.tunnelLine.test(line)).length;
    },
    stop,
  };
}

function squidConfig(folder: string, port: number, signIn: boolean): string {
  const access = signIn
    ? [
        `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${folder}/users`,
        'auth_param basic children 1',
        'acl signed_in proxy_auth REQUIRED',
        'http_access allow signed_in',
        'http_access deny all',
      ]
    : ['http_access allow all'];
  return [
    `http_port 127.0.0.1:${port}`,
    `pid_filename ${folder}/squid.pid`,
    `cache_log ${folder}/cache.log`,
    `access_log stdio:${folder}/access.log`,
    `coredump_dir ${folder}`,
    'cache deny all',
    'cache_mem 8 MB',
    'shutdown_lifetime 0 seconds',
    'visible_hostname squid.example',
    ...access,
    '',
  ].join('\n');
}

function tinyproxyConfig(folder: string, port: number, signIn: boolean): string {
  return [
    'Listen 127.0.0.1',
    `Port ${port}`,
    'Timeout 60',
    'MaxClients 50',
    'LogLevel Connect',
    `LogFile "${folder}/tinyproxy.log"`,
    ...(signIn ? [`BasicAuth ${PROXY_USER.username} ${PROXY_USER.password}`] : []),
    '',
  ].join('\n');
}

function danteConfig(folder: string, port: number, signIn: boolean): string {
  return [
    `logoutput: ${folder}/danted.log`,
    `internal: 127.0.0.1 port = ${port}`,
    'external: lo',
    `socksmethod: ${signIn ? 'username' : 'none'}`,
    'clientmethod: none',
    ...(process.getuid?.() === 0 ? ['user.privileged: root', 'user.unprivileged: nobody'] : []),
    'client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 log: error }',
    'socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 log: connect error }',
    '',
  ].join('\n');
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
