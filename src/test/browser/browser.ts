import path from 'node:path';
import { type Browser, chromium as playwright } from 'playwright-core';
import { findBrowser, unpackShippedBrowser } from '#workers/render/find-browser.ts';

/** Unpacked once per version and checkout, by whichever test comes first. */
const UNPACK_FOLDER = path.resolve(import.meta.dirname, '../../../node_modules/.cache/eko-browsers');

/**
 * The program of a headless Chromium: the one of the dependencies, so that tests see the same browser everywhere, and the machine's own
 * where that one does not run.
 */
export async function findTestBrowser(): Promise<string> {
  return (await unpackShippedBrowser(UNPACK_FOLDER)) ?? (await findBrowser({ unpackFolder: UNPACK_FOLDER }));
}

/** A headless browser; root may start it. */
export async function startBrowser(): Promise<Browser> {
  return await playwright.launch({
    executablePath: await findTestBrowser(),
    args: ['--no-sandbox', '--disable-gpu', '--no-zygote', '--disable-background-networking'],
  });
}
