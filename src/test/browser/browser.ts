import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/**
 * A headless Chromium that comes with the dependencies: nothing is downloaded, and root may start it. It unpacks itself
 * into the temporary folder and takes whatever lies there for complete, so each gets a folder of its own: two test runs on
 * one machine would otherwise meet half a browser.
 */
export async function startBrowser(): Promise<Browser> {
  const folder = mkdtempSync(path.join(tmpdir(), 'eko-chromium-'));
  const browser = await playwright.launch({
    executablePath: await unpackInto(folder),
    args: ['--no-sandbox', '--disable-gpu', '--no-zygote', '--disable-background-networking'],
  });
  browser.once('disconnected', () => rmSync(folder, { recursive: true, force: true }));
  return browser;
}

async function unpackInto(folder: string): Promise<string> {
  const usual = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    return await chromium.executablePath();
  } finally {
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
  }
}
