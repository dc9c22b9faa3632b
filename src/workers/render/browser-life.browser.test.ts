import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findTestBrowser } from '#test/browser/browser.ts';
import { text } from '#test/fetch-bed.ts';
import { isAlive } from '#test/manager-process.ts';
import { createRenderBed, html, type RenderBed, waitForEnd } from '#test/render-bed.ts';
import { waitFor } from '#test/wait-for.ts';

const open: RenderBed[] = [];
/** Of these tests alone: others start browsers at the same time. */
let folder: string;
const { TMPDIR } = process.env;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'eko-browser-life-'));
  process.env.TMPDIR = folder;
});
afterAll(() => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const bed of open.splice(0)) await bed.close();
});

async function createBed(...limits: Parameters<typeof createRenderBed>): Promise<RenderBed> {
  const bed = await createRenderBed(...limits);
  open.push(bed);
  return bed;
}

const PAGES = { '/robots.txt': text(''), '/*': html('<p>page</p>') };
const browserFolders = () => readdirSync(folder).filter((name) => name.startsWith('eko-browser-'));

describe('the browser of a worker', () => {
  it('is started for the first page, serves all others, and is gone with everything of it after close', async () => {
    const bed = await createBed();
    const site = await bed.startSite(PAGES);
    expect(bed.pids).toEqual([]);
    const pages = await Promise.all([1, 2, 3, 4, 5].map((n) => bed.render(`${site.origin}/${n}`)));
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const [pid] = bed.pids;
    expect(bed.pids).toHaveLength(1);
    expect(isAlive(pid ?? 0)).toBe(true);
    expect(browserFolders()).toHaveLength(1);
    await bed.renderer.close();
    await waitForEnd(pid ?? 0);
    await waitFor(() => browserFolders().length === 0);
  });

  it('is not started for a page that may not be read', async () => {
    const bed = await createBed();
    const site = await bed.startSite({
      '/robots.txt': (_request, response) => void response.end('User-agent: *\nDisallow: /'),
    });
    expect(await bed.render(`${site.origin}/`)).toMatchObject({ code: 'robots_disallowed' });
    expect(bed.pids).toEqual([]);
  });

  it('is replaced after its share of pages', async () => {
    const bed = await createBed({ pagesMax: 2 });
    const site = await bed.startSite(PAGES);
    for (const n of [1, 2, 3]) expect((await bed.render(`${site.origin}/${n}`)).status).toBe(200);
    expect(bed.pids).toHaveLength(2);
    await waitForEnd(bed.pids[0] ?? 0);
    expect(isAlive(bed.pids[1] ?? 0)).toBe(true);
  });

  it('is replaced when it has grown too large', async () => {
    const bed = await createBed({ memoryMaxMb: 1 });
    const site = await bed.startSite(PAGES);
    await bed.render(`${site.origin}/1`);
    await waitForEnd(bed.pids[0] ?? 0);
    expect((await bed.render(`${site.origin}/2`)).status).toBe(200);
    expect(bed.pids).toHaveLength(2);
  });

  it('is closed while nobody needs it, and comes back', async () => {
    const bed = await createBed({ idleMs: 50 });
    const site = await bed.startSite(PAGES);
    await bed.render(`${site.origin}/1`);
    await waitForEnd(bed.pids[0] ?? 0);
    expect((await bed.render(`${site.origin}/2`)).status).toBe(200);
  });

  it('costs a page one retry when it is killed, and the next page a new browser', async () => {
    const bed = await createBed();
    const site = await bed.startSite({
      '/waits': html(`<script>fetch('/never')</script>`),
      '/never': () => {},
      '/fine': html('<p>page</p>'),
    });
    const rendering = bed.render(`${site.origin}/waits`, { waitFor: { selector: '.row' } });
    await waitFor(() => site.paths().includes('/never'), { timeoutMs: 20_000 });
    process.kill(bed.pids[0] ?? 0, 'SIGKILL');
    expect(await rendering).toMatchObject({ code: 'network', disposition: 'retry' });
    expect((await bed.render(`${site.origin}/fine`)).status).toBe(200);
    expect(bed.pids).toHaveLength(2);
  });

  it('gives the next page what a page that hangs, or takes all memory, cannot hold on to', async () => {
    const bed = await createBed();
    const site = await bed.startSite({
      '/hangs': html('<script>while (true);</script>'),
      '/hangs-later': html(`<p class="row"></p><script>setTimeout(() => { while (true); })</script>`),
      '/grows': html(
        '<script>const all = []; while (true) all.push(new Array(100_000).fill(all.length + 0.5));</script>',
      ),
      '/fine': html('<p>page</p>'),
    });
    const startedAt = performance.now();
    const hanging = await Promise.all([
      bed.render(`${site.origin}/hangs`, { timeoutMs: 2_000 }),
      bed.render(`${site.origin}/hangs-later`, { timeoutMs: 2_000, waitFor: 'idle' }),
    ]);
    expect(hanging).toMatchObject([{ code: 'fetch_timeout' }, { code: 'fetch_timeout' }]);
    expect(performance.now() - startedAt).toBeLessThan(40_000);
    expect(await bed.render(`${site.origin}/grows`)).toMatchObject({ code: 'network' });
    expect((await bed.render(`${site.origin}/fine`)).status).toBe(200);
  });

  it('ends with the process that started it, however that ends', async () => {
    const program = await findTestBrowser();
    const code = `
      const { launchBrowser } = await import('#workers/render/launch-browser.ts');
      const { silentLogger } = await import('#lib/logger.ts');
      const running = await launchBrowser({ findProgram: async () => ${JSON.stringify(program)}, logger: silentLogger() });
      await running.browser.newPage();
      process.stdout.write(String(running.pid));
      setInterval(() => {}, 1_000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: path.resolve(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [said] = await once(owner.stdout, 'data');
      const pid = Number(said);
      expect(isAlive(pid)).toBe(true);
      owner.kill('SIGKILL');
      await waitForEnd(pid);
    } finally {
      owner.kill('SIGKILL');
    }
  });
});
