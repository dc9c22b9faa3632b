import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { AppError, NetworkError } from '#lib/errors.ts';
import type { Logger } from '#lib/logger.ts';

/** A started browser and what ends it. */
export interface RunningBrowser {
  browser: Browser;
  pid: number;
  /** What all its processes hold in memory, shared pages counted once, in MiB; null where the system does not tell. */
  memoryMb(): Promise<number | null>;
  /** Ends it with all its processes, whatever it does. */
  kill(): void;
}

export interface LaunchOptions {
  /** Finds the program; asked once per start. */
  findProgram: () => Promise<string>;
  logger: Logger;
}

/**
 * The browser has no network. Every name, and every address written as one, resolves to nothing, the proxy behind which it is told to be included;
 * what does not go through a proxy (WebRTC, QUIC) is off. So a request that nobody answers in its place fails: it cannot slip past robots.txt,
 * the pace of hosts and the address guard. Loopback and link-local addresses are asked directly by default, so that rule is taken back.
 */
const NO_NETWORK = [
  '--proxy-server=http://127.0.0.1:9',
  '--proxy-bypass-list=<-loopback>',
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--disable-quic',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
];

/** Nothing is drawn, and a script gets 256 MiB. */
const LESS = [
  '--disable-gpu',
  '--disable-software-rasterizer',
  '--disable-remote-fonts',
  '--no-pings',
  '--js-flags=--max-old-space-size=256',
];

/** What tests want and hostile pages must not have: any number of pop-ups and of messages between processes, an unsafe renderer. */
const UNWANTED_DEFAULTS = [
  '--disable-ipc-flooding-protection',
  '--disable-popup-blocking',
  '--enable-unsafe-swiftshader',
];

const START_MAX_MS = 30_000;

let sandboxWorks: boolean | null = null;

/**
 * Starts a headless browser without network. It ends with this process, also when that is killed: it lives at the other end of a pipe.
 * @throws InvalidInputError where no browser is found; NetworkError, which is worth another try, where it does not start.
 */
export async function launchBrowser({ findProgram, logger }: LaunchOptions): Promise<RunningBrowser> {
  const startedAt = performance.now();
  const home = await mkdtemp(path.join(tmpdir(), 'eko-browser-'));
  try {
    const program = await findProgram();
    const browser = await launchWithBestSandbox(program, home, logger);
    browser.once('disconnected', () => void removeFolder(home));
    const running = await toRunning(browser);
    const startMs = Math.round(performance.now() - startedAt);
    logger.info(
      { program, version: browser.version(), browserPid: running.pid, startMs },
      'The browser for pages is started',
    );
    return running;
  } catch (cause) {
    await removeFolder(home);
    if (cause instanceof AppError) throw cause;
    throw new NetworkError('The browser for pages could not be started', { cause });
  }
}

/** Chromium's sandbox wherever the system allows it: not as root, and not where user namespaces are forbidden. */
async function launchWithBestSandbox(program: string, home: string, logger: Logger): Promise<Browser> {
  if (sandboxWorks === null && process.getuid?.() === 0) {
    noteNoSandbox(logger, 'it cannot be used as root; run workers as an ordinary user');
  }
  if (sandboxWorks === false) return await launch(program, home, false);
  try {
    const browser = await launch(program, home, true);
    sandboxWorks = true;
    return browser;
  } catch (error) {
    if (sandboxWorks) throw error;
    const browser = await launch(program, home, false);
    noteNoSandbox(logger, 'this system does not allow it (user namespaces may be off)');
    return browser;
  }
}

function noteNoSandbox(logger: Logger, reason: string): void {
  sandboxWorks = false;
  logger.warn(`The browser for pages runs without its sandbox: ${reason}`);
}

/** Loaded on first use: it costs a second and 60 MB, which a worker that renders nothing must not pay. */
async function launch(program: string, home: string, chromiumSandbox: boolean): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return await chromium.launch({
    executablePath: program,
    chromiumSandbox,
    args: [...NO_NETWORK, ...LESS],
    ignoreDefaultArgs: UNWANTED_DEFAULTS,
    // Nothing of our settings, which hold passwords, and nothing of the user's home.
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', SystemRoot: process.env.SystemRoot },
    timeout: START_MAX_MS,
    // Signals are the worker's business; it closes the browser when it ends.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}

async function toRunning(browser: Browser): Promise<RunningBrowser> {
  const session = await browser.newBrowserCDPSession();
  const processIds = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.map(({ id, type }) => ({ id, isMain: type === 'browser' }));
  };
  const main = (await processIds()).find(({ isMain }) => isMain);
  if (main === undefined) throw new Error('The browser does not tell its process id');
  return {
    browser,
    pid: main.id,
    memoryMb: async () => {
      const sizes = await Promise.all((await processIds()).map(({ id }) => readMemoryMb(id)));
      return sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    },
    kill: () => {
      if (browser.isConnected()) killTree(main.id);
    },
  };
}

/** The browser leads a process group of its own. On Windows its children end with it. */
function killTree(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function readMemoryMb(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? null : Number(kib) / 1024;
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}
