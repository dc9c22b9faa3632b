import { randomUUID } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, link, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { InvalidInputError } from '#lib/errors.ts';

/** Where Chrome, Chromium and Edge lie when they are installed as usual. Snaps are left out: they cannot read our temporary files. */
const USUAL_PLACES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [
    '/usr/bin/google-chrome-stable',
    '/usr/bin/google-chrome',
    '/opt/google/chrome/chrome',
    '/usr/lib/chromium/chromium',
    '/usr/lib64/chromium-browser/chromium-browser',
  ],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

export interface BrowserSearch {
  /** CHROME_PATH: this one and no other. */
  chromePath?: string | undefined;
  /** Where the Chromium of the dependencies is unpacked, once per version: 209 MB. */
  unpackFolder: string;
}

/**
 * The program of a browser: the one that was named, else the machine's own, which gets its security updates from the
 * machine, else the Chromium that comes with the dependencies.
 * @throws InvalidInputError where there is none, or the named one cannot be run.
 */
export async function findBrowser({ chromePath, unpackFolder }: BrowserSearch): Promise<string> {
  if (chromePath !== undefined) {
    if (await canRun(chromePath)) return chromePath;
    throw new InvalidInputError(`CHROME_PATH = "${chromePath}" is not a program that can be run`);
  }
  for (const place of USUAL_PLACES[process.platform] ?? []) if (await canRun(place)) return place;
  const shipped = await unpackShippedBrowser(unpackFolder);
  if (shipped !== null) return shipped;
  throw new InvalidInputError(
    'No browser was found for pages that need one: install Chrome or Chromium, or set CHROME_PATH to one',
  );
}

/**
 * Unpacks the Chromium of the dependencies unless it has been already; null on machines that it is not made for. The package's own way
 * writes to a fixed place of the temporary folder and takes whatever lies there for complete: here a browser appears
 * under its name only when it is whole, so any number of processes may do this at once.
 */
export async function unpackShippedBrowser(folder: string): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const require = createRequire(import.meta.url);
  const packageFolder = path.dirname(path.dirname(require.resolve('@sparticuz/chromium')));
  const { version } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const home = path.join(folder, `chromium-${version}`);
  const program = path.join(home, 'chromium');
  if (await canRun(program)) return program;
  await mkdir(home, { recursive: true });
  const unfinished = `${program}.${randomUUID()}`;
  try {
    await pipeline(
      createReadStream(path.join(packageFolder, 'bin', 'chromium.br')),
      createBrotliDecompress({ chunkSize: 1_048_576 }),
      createWriteStream(unfinished, { mode: 0o755 }),
    );
    await giveName(unfinished, program);
  } finally {
    await rm(unfinished, { force: true });
  }
  return program;
}

/**
 * Whoever is first gives the program its name. A browser that runs starts further processes from its file, so another copy must not
 * take the place of the one in use.
 */
async function giveName(unfinished: string, program: string): Promise<void> {
  try {
    await link(unfinished, program);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    // A file system without hard links.
    await rename(unfinished, program);
  }
}

async function canRun(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
