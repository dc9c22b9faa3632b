import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { HostileErrand, HostileReport } from '#test/ask-hostile-servers.ts';
import { BOMBS, ENCODING_LIES, ENDLESS_BODIES, LENGTH_LIES } from '#test/hostile-bodies.ts';
import { OTHER_PROTOCOLS, REDIRECTS, STRANGE_HEADERS } from '#test/hostile-heads.ts';
import { sayWhole, startHostileServer } from '#test/hostile-server.ts';
import { EARLY_ENDS, SLOW_ANSWERS, UNREAD_FORMS } from '#test/hostile-timing.ts';

const GROWTH_BYTES_MAX = 64 * 1024 * 1024;

const ROWS = [
  SLOW_ANSWERS,
  ENDLESS_BODIES,
  BOMBS,
  ENCODING_LIES,
  LENGTH_LIES,
  EARLY_ENDS,
  OTHER_PROTOCOLS,
  STRANGE_HEADERS,
  REDIRECTS,
  UNREAD_FORMS,
].flat();

it('survives all hostile servers in a process that does not grow', async () => {
  const good = await startHostileServer(sayWhole([], Buffer.alloc(512 * 1024)));
  const servers = await Promise.all(ROWS.map(({ behave }) => startHostileServer(behave)));
  const child = fork(fileURLToPath(new URL('../../test/ask-hostile-servers.ts', import.meta.url)), {
    stdio: 'inherit',
  });
  try {
    const errand: HostileErrand = {
      goodUrl: good.url.href,
      rows: servers.map(({ url }, index) => ({
        url: url.href,
        timeoutMs: ROWS[index]?.timeoutMs ?? 15_000,
        postBytes: ROWS[index]?.postBytes ?? 0,
      })),
    };
    const reported = once(child, 'message');
    const exited = once(child, 'exit');
    child.send(errand);
    const [report] = (await Promise.race([reported, exited.then(() => reported)])) as [HostileReport];
    expect(report.outcomes).toBe(ROWS.length);
    expect(report.grownBytes).toBeLessThan(GROWTH_BYTES_MAX);
    expect(await exited).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    await Promise.all([good, ...servers].map((server) => server.close()));
  }
});
