import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as launcher } from 'playwright-core';

/** A browser in one process loses its pages when a second context is opened. */
const UNSUITABLE_FLAGS = [
  '--single-process',
  '--no-zygote',
  '--disable-web-security',
  '--allow-running-insecure-content',
];

export interface OpenBrowser {
  browser: Browser;
  close(): Promise<void>;
}

/**
 * Opens the Chromium that comes as a package. It unpacks itself into the temporary folder and takes whatever lies there
 * for complete, so every run gets a folder of its own: two test runs on one machine would otherwise meet half a browser.
 */
export async function openBrowser(): Promise<OpenBrowser> {
  const folder = mkdtempSync(path.join(tmpdir(), 'eko-chromium-'));
  const usual = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  let executablePath: string;
  try {
    executablePath = await chromium.executablePath();
  } finally {
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
  }
  const browser = await launcher.launch({
    executablePath,
    args: chromium.args.filter((flag) => !UNSUITABLE_FLAGS.includes(flag)),
    headless: true,
  });
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
