import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEnv } from '#lib/env.ts';
import { createQueueBed, type QueueBed } from '#test/queue-bed.ts';
import { createEmptyDatabase } from '#test/schema-at.ts';
import { waitFor } from '#test/wait-for.ts';
import { createCliOutput } from './cli-output.ts';
import { runProgram } from './run-program.ts';

let bed: QueueBed;
let folder: string;

beforeAll(async () => {
  bed = await createQueueBed();
  folder = mkdtempSync(path.join(tmpdir(), 'eko-program-'));
});
beforeEach(() => bed.clear());
afterAll(async () => {
  await bed.drop();
  rmSync(folder, { recursive: true, force: true });
});

interface RunOptions {
  pretty?: boolean;
  database?: string | null;
  signal?: AbortSignal;
}

/** Runs a command line in this process. */
async function run(args: string[], options: RunOptions = {}) {
  const text = { out: '', err: '' };
  const settings: Record<string, string> = { EKO_DATA_DIR: folder, EKO_SECRET_KEY: 'ab'.repeat(32) };
  const output = createCliOutput(options.pretty ?? false, {
    stdout: (more) => (text.out += more),
    stderr: (more) => (text.err += more),
  });
  const asked: string[][] = [];
  process.exitCode = 0;
  const code = await runProgram(args, {
    readEnv: () => readEnv(settings),
    findDatabase: async (env) => env.DATABASE_URL ?? (options.database === undefined ? bed.url : options.database),
    output: () => output,
    setSetting: (name, value) => {
      settings[name] = value;
    },
    resolvePath: (file) => path.resolve(folder, file),
    runWorkers: async (workerArgs) => {
      asked.push([...workerArgs]);
      return 0;
    },
    signal: options.signal ?? new AbortController().signal,
  });
  process.exitCode = 0;
  const lines = text.out.split('\n').filter((line) => line !== '');
  return { code, ...text, json: options.pretty ? [] : lines.map((line) => JSON.parse(line)), asked };
}

describe('sessions', () => {
  it('are triggered, listed, shown, cancelled and started again', async () => {
    const { json } = await run([
      'trigger',
      'Georgia',
      '--sources',
      'simulated',
      '--priority',
      '7',
      '--max-retries',
      '1',
    ]);
    const id = String(json[0].sessions[0].id);
    expect((await run(['sessions', 'list', '--status', 'pending', '--source', 'simulated'])).json).toMatchObject([
      { id: Number(id), priority: 7, maxRetries: 1 },
    ]);
    expect((await run(['sessions', 'list', '--status', 'failed'])).json).toEqual([]);
    expect(await run(['sessions', 'cancel', id])).toMatchObject({ code: 0, json: [{ status: 'cancelled' }] });
    expect(await run(['sessions', 'cancel', id])).toMatchObject({
      code: 1,
      err: expect.stringContaining('has ended already'),
    });
    expect(await run(['sessions', 'retry', id])).toMatchObject({ code: 0, json: [{ status: 'pending' }] });
    expect((await run(['sessions', 'show', id], { pretty: true })).out).toMatch(/simulated for Georgia\n {2}pending: /);
    expect(await run(['sessions', 'logs', id])).toMatchObject({ code: 0, json: [] });
  });

  it('are each done that can be, whichever of them cannot', async () => {
    const first = String((await bed.bring('cancelled')).id);
    const second = String((await bed.bring('cancelled')).id);
    const { code, json, err } = await run(['sessions', 'retry', first, '99999', second]);
    expect(json).toMatchObject([{ id: Number(first) }, { id: Number(second) }]);
    expect({ code, err }).toEqual({ code: 1, err: 'There is no session 99999.\n' });
    expect(await run(['sessions', 'cancel', '99998', '99999'])).toMatchObject({ code: 3, json: [] });
  });

  it('can be waited for; one that fails makes the command fail', async () => {
    const waiting = run(['trigger', 'Georgia', '--sources', 'simulated', '--wait']);
    const session = await waitFor(async () => {
      const options = { workerId: 'worker', sources: ['simulated'], limit: 1, jobTimeoutMs: 60_000 };
      return (await bed.queue.claim(options))[0];
    });
    await bed.queue.fail(session, { error: { code: 'network', message: 'The site did not answer.' } });
    expect(await waiting).toMatchObject({ code: 1, json: [{ status: 'failed', error: { code: 'network' } }] });
  });
});

describe('other commands', () => {
  it('export leads to a file that is whole or not there', async () => {
    expect(await run(['leads', 'export', '-o', 'leads.csv'])).toMatchObject({ code: 0, out: '' });
    expect(readFileSync(path.join(folder, 'leads.csv'), 'utf8')).toMatch(/name/);
    expect((await run(['leads', 'export', '-o', 'none/leads.csv'])).code).not.toBe(0);
    expect(readdirSync(folder).filter((file) => file.includes('leads'))).toEqual(['leads.csv']);
  });

  it('take proxies in, from a file too, and never show a password', async () => {
    writeFileSync(path.join(folder, 'proxies.txt'), 'http://ann:hidden@proxy.example.com:8080\nnonsense line\n');
    const imported = await run(['proxies', 'import', 'proxies.txt', '--tier', '3']);
    expect(imported).toMatchObject({ code: 0, json: [{ added: 1, problems: [{ line: 2 }] }] });
    const { json, out } = await run(['proxies', 'list']);
    expect(json).toMatchObject([{ host: 'proxy.example.com', tier: 3, hasPassword: true }]);
    expect(out).not.toContain('hidden');
    const id = String(json[0].id);
    expect((await run(['proxies', 'disable', id])).json).toMatchObject([{ status: 'disabled' }]);
    expect((await run(['proxies', 'test', id])).code).toBe(1);
    expect((await run(['proxies', 'remove', id])).code).toBe(0);
    expect((await run(['proxies', 'remove', id])).code).toBe(3);
  });

  it('make a token that is shown once, and revoke it', async () => {
    const { out, err } = await run(['token', 'create', 'roof bot', '--sources', 'simulated'], { pretty: true });
    expect(out).toMatch(/^eko_[\w-]{43}\n$/);
    expect(err).toContain('shown only now');
    const { json } = await run(['token', 'list']);
    expect(json).toMatchObject([{ name: 'roof bot', role: 'bot', sources: ['simulated'] }]);
    expect(JSON.stringify(json)).not.toContain(out.trim());
    expect((await run(['token', 'revoke', String(json[0].id)])).code).toBe(0);
    expect((await run(['token', 'list'], { pretty: true })).out).toContain('revoked');
  });

  it('let a bot have a source that nobody else knows, and start scrapes of it', async () => {
    expect(await run(['trigger', 'Macon, GA', '--sources', 'notices'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('known are permits'),
    });
    expect((await run(['token', 'create', 'readers', '--sources', 'notices'])).code).toBe(0);
    const { json } = await run(['trigger', 'Macon, GA', '--sources', 'notices']);
    expect(json).toMatchObject([{ sessions: [{ source: 'notices', location: 'Macon, GA' }] }]);
    expect((await run(['token', 'create', 'readers', '--sources', 'Public notices'])).code).toBe(2);
  });

  it('steer machines', async () => {
    await bed.db.query(
      `insert into nodes (node_id, hostname, manager_pid, configured_workers) values ('office', 'office', 1, 3)`,
    );
    expect((await run(['nodes', 'scale', 'office', '5'])).json).toMatchObject([{ desiredWorkers: 5 }]);
    expect((await run(['nodes', 'scale', 'office', 'default'])).json).toMatchObject([{ desiredWorkers: 3 }]);
    expect((await run(['nodes', 'drain', 'office'])).json).toMatchObject([{ mode: 'draining' }]);
    expect((await run(['nodes', 'resume', 'office'])).json).toMatchObject([{ mode: 'active' }]);
    expect((await run(['nodes', 'pause', 'attic'])).code).toBe(3);
    expect((await run(['nodes', 'list'], { pretty: true })).out).toMatch(/office +healthy +active/);
  });

  it('show the cluster on one screen, and migrate nothing twice', async () => {
    await bed.start();
    const { code, out } = await run(['status'], { pretty: true });
    expect(code).toBe(0);
    expect(out).toMatch(/ {2}worker +starting +1\/4/);
    expect(out).toContain('0 pending · 1 running');
    expect((await run(['migrate'])).json).toMatchObject([{ applied: 0 }]);
  });

  it('mark the counts that stopped, and only those, where many sessions are there and more were pruned', async () => {
    await bed.db.query(
      `insert into scraping_sessions (batch_id, source, location, status, completed_at)
       select gen_random_uuid(), 'permits', 'x', w, case w when 'completed' then clock_timestamp() end
       from unnest(array['pending', 'completed']) w, generate_series(1, 10001)`,
    );
    await bed.db.query(
      `insert into archive_days (day, source, sessions_completed, sessions_failed) values ('2026-01-01', 'permits', 90000, 10000)`,
    );
    const { out } = await run(['status'], { pretty: true });
    expect(out).toContain('10,000+ pending · 0 running · 100,000+ completed · 10,000 failed · 0 cancelled');
    expect(out).toContain('10,000+ could be claimed now');
    const [{ cluster }] = (await run(['status'])).json;
    expect(cluster.work).toMatchObject({ completed: 100_000, capped: ['pending', 'completed'] });
    await bed.db.query('truncate archive_days');
  });

  it('try a scrape without saving anything', async () => {
    const tried = await run(['try', 'simulated', 'Georgia', '--params', '{"durationMs":0,"leads":2,"failureRate":0}']);
    expect(tried).toMatchObject({ code: 0, json: [{ city: 'Georgia' }, { city: 'Georgia' }] });
    expect(await bed.db.query('select count(*) from leads')).toEqual([{ count: 0 }]);
  });
});

describe('a command line', () => {
  it('hands the flags of worker on as they are, and only when they can be used', async () => {
    expect((await run(['worker', '--max-work', '3'])).asked).toEqual([['--max-work', '3', '--news']]);
    expect(await run(['--json', 'worker'])).toMatchObject({
      code: 2,
      asked: [],
      err: expect.stringContaining('npx eko worker'),
    });
  });

  it.each([
    [['sessions', 'show', '999999'], 3, 'There is no session 999999.'],
    [['sessions', 'list', '--status', 'bad'], 2, '"bad" is not one of pending'],
    [
      ['trigger', 'Georgia', '--sources', 'simulated', '--params', '{"color":1}'],
      2,
      'params.color: is not a known field',
    ],
    [['trigger', 'Atlantis', '--sources', 'permits'], 2, '"Atlantis"'],
    [['--env', 'staging', 'status'], 2, 'EKO_ENV = "staging" must be development, testing or production'],
    [['nodes', 'pause', 'attic'], 3, '"npx eko nodes list"'],
    [['try', 'simulated', 'Georgia', '--params', '{"color":1}'], 2, 'params.color: is not a known field'],
    [['try', 'permits', 'Atlantis'], 2, 'No permit portal is known for "Atlantis"'],
    [['try', 'simulated', 'Georgia', '--params', '{"durationMs":0,"failureRate":1}'], 1, 'A failure was simulated'],
    [['leads', 'export', '-o', '.'], 1, 'cannot be written: it is a folder'],
    [['leads', 'export', '-o', 'none/leads.csv'], 3, 'none/leads.csv" cannot be written: its folder is not there'],
    [['proxies', 'import', '.'], 1, 'cannot be read: it is a folder'],
    [['proxies', 'import', 'missing.txt'], 3, 'missing.txt" cannot be read: there is no such file'],
  ])('%j ends with %i and says why', async (args, code, words) => {
    const answer = await run(args);
    expect(answer).toMatchObject({ code, out: '', err: expect.stringContaining(words) });
    expect(answer.err).not.toMatch(/^ +at |\.part/m);
  });

  it('says in a sentence that a scrape was broken off', async () => {
    const interrupted = AbortSignal.abort();
    const params = '{"durationMs":1000}';
    expect(await run(['try', 'simulated', 'Georgia', '--params', params], { signal: interrupted })).toMatchObject({
      code: 1,
      out: '',
      err: 'Stopped before the end: nothing is shown, and nothing was saved.\n',
    });
  });

  it.each([['status'], ['sessions', 'list'], ['trigger', 'Georgia', '--sources', 'simulated']])(
    '%s on a database without a schema says what to do, in one line',
    async (...args) => {
      const empty = await createEmptyDatabase();
      try {
        const { code, err } = await run(args, { database: empty.url });
        expect({ code, err }).toEqual({
          code: 1,
          err: expect.stringMatching(/^The database has .*npx eko migrate.*\n$/),
        });
      } finally {
        await empty.drop();
      }
    },
  );

  const commands = [
    ['trigger', 'Georgia'],
    ['sessions', 'list'],
    ['sessions', 'show', '1'],
    ['sessions', 'cancel', '1'],
    ['sessions', 'retry', '1'],
    ['sessions', 'logs', '1'],
    ['leads', 'export'],
    ['proxies', 'list'],
    ['proxies', 'add', 'http://proxy.example.com:8080'],
    ['proxies', 'remove', '1'],
    ['proxies', 'test', '1'],
    ['nodes', 'list'],
    ['nodes', 'scale', 'office', '2'],
    ['nodes', 'pause', 'office'],
    ['status'],
    ['doctor'],
    ['migrate'],
    ['token', 'create', 'bot'],
    ['token', 'list'],
    ['token', 'revoke', '1'],
  ];
  const wrongs: [
    string,
    Partial<Pick<URL, 'username' | 'password' | 'hostname' | 'port' | 'pathname'>>,
    number,
    string,
  ][] = [
    ['refuses the password', { password: 'no-secret' }, 2, 'password authentication failed'],
    ['does not know the user', { username: 'nobody' }, 2, 'user and password in DATABASE_URL'],
    ['has no such database', { pathname: '/none' }, 2, 'Create that database'],
    ['is not there', { port: '1' }, 1, 'ECONNREFUSED'],
  ];
  it.each(wrongs)(
    'on a database that %s says so in one sentence, whatever the command',
    async (_, change, code, words) => {
      const url = Object.assign(new URL(bed.url), change);
      for (const command of commands) {
        const answer = await run(command, { database: url.href });
        expect({ command, ...answer }).toMatchObject({ code, out: '', err: expect.stringContaining(words) });
        expect(answer.err.trimEnd().split('\n')).toHaveLength(1);
        expect(answer.err).toContain(`postgres://${url.username}@${url.host}${url.pathname}`);
        expect(answer.err).toMatch(/DATABASE_URL/);
        expect(answer.err).not.toContain(url.password);
      }
    },
  );

  it('starts no workers on a database that refuses them, and some on one that is away: they wait for it', async () => {
    const refusing = Object.assign(new URL(bed.url), { password: 'no-secret' }).href;
    const away = 'postgres://eko:no-secret@127.0.0.1:1/eko';
    const named = [
      await run(['worker', '--once'], { database: refusing }),
      await run(['worker', '--database-url', refusing]),
    ];
    for (const { code, asked, err } of named) {
      expect({ code, asked, err }).toEqual({
        code: 2,
        asked: [],
        err: expect.stringMatching(/^(?!.*no-secret).*password authentication failed.* DATABASE_URL\.\n$/),
      });
    }
    expect(await run(['worker', '--once'], { database: away })).toMatchObject({
      code: 0,
      asked: [['--once', '--news']],
      err: '',
    });
  });

  it('on a host that nobody knows says where it looked', async () => {
    // What the resolver says, and when, is the network's business.
    const { code, err } = await run(['status'], { database: 'postgres://eko:no-secret@db.invalid/eko' });
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(
        /^The database cannot be reached: .* at postgres:\/\/eko@db\.invalid\/eko: check DATABASE_URL.*\n$/,
      ),
    });
  });

  it('doctor on a database without a schema says what is missing and what to do, each once', async () => {
    const empty = await createEmptyDatabase();
    try {
      const { code, out } = await run(['doctor'], { database: empty.url, pretty: true });
      expect({ code, out }).toEqual({
        code: 1,
        out: expect.stringMatching(
          /^✗ The schema of the database is older than this program \(0 of \d+ migrations\)\.\n {4}Run "npx eko migrate"\.\n$/,
        ),
      });
    } finally {
      await empty.drop();
    }
  });

  it('without a database says how to name one', async () => {
    expect(await run(['status'], { database: null })).toMatchObject({
      code: 2,
      err: expect.stringContaining('DATABASE_URL'),
    });
  });
});
