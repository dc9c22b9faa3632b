import { describe, expect, it } from 'vitest';
import { CommanderError, createWorkerCommand, type WorkerFlags } from './worker-flags.ts';

/** What a command line comes to: the flags, or what is told of its mistake. */
async function parse(line: string): Promise<{ flags: WorkerFlags | null; told: string; code: string | null }> {
  let flags: WorkerFlags | null = null;
  let told = '';
  const command = createWorkerCommand(async (given) => {
    flags = given;
  });
  command.exitOverride().configureOutput({ writeErr: (text) => (told += text), writeOut: (text) => (told += text) });
  try {
    await command.parseAsync(line.split(' ').filter(Boolean), { from: 'user' });
    return { flags, told, code: null };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { flags, told, code: error.code };
  }
}

describe('the flags of worker', () => {
  it('are all optional', async () => {
    expect((await parse('')).flags).toEqual({
      workers: null,
      limits: { until: 'stopped', maxWork: null, maxFailures: null, maxIdleMs: null },
      sources: null,
      keepAwake: false,
      dev: false,
      scrapers: null,
      news: false,
      json: false,
      settings: {},
    });
  });

  it('say limits, sources, and settings by their names in the environment', async () => {
    const { flags } = await parse(
      '--max-work 50 --max-failures 5 --max-idle-hours 0.5 --workers 2 --sources permits,simulated,permits --concurrency 8 --env testing --worker-id roof --max-retries 1',
    );
    expect(flags).toMatchObject({
      workers: 2,
      limits: { until: 'stopped', maxWork: 50, maxFailures: 5, maxIdleMs: 1_800_000 },
      sources: ['permits', 'simulated'],
      settings: { WORKER_CONCURRENCY: '8', EKO_ENV: 'testing', WORKER_ID: 'roof', MAX_RETRIES: '1' },
    });
  });

  it('work on the database that is named, and listen to no other', async () => {
    const url = 'postgres://localhost/roofs';
    expect((await parse(`--database-url ${url}`)).flags?.settings).toEqual({
      DATABASE_URL: url,
      EKO_SERVER_URL: '',
      DIRECT_DATABASE_URL: '',
    });
  });

  it.each([
    ['--once --drain', '--once', '--drain'],
    ['--once --max-work 3', '--once', '--max-work'],
    ['--once --max-failures 3', '--once', '--max-failures'],
    ['--once --max-idle-hours 1', '--once', '--max-idle-hours'],
    ['--drain --max-failures 3', '--drain', '--max-failures'],
    ['--drain --max-idle-hours 1', '--drain', '--max-idle-hours'],
    ['--dev --once', '--dev', '--once'],
    ['--dev --drain', '--dev', '--drain'],
  ])('that contradict each other are refused, and both are named: %s', async (line, one, other) => {
    const { flags, told, code } = await parse(line);
    expect({ flags, code }).toEqual({ flags: null, code: 'commander.conflictingOption' });
    expect(told).toContain(`option '${one}`);
    expect(told).toContain(`option '${other}`);
  });

  it.each([
    ['--max-work 0', 'from 1 to'],
    ['--max-work ten', 'from 1 to'],
    ['--max-failures -1', 'from 1 to'],
    ['--max-idle-hours 0', 'above 0'],
    ['--workers 1.5', 'from 0 to 256'],
    ['--sources permits,reddit', '"reddit" is not a source; known are permits'],
    ['--maxwork 3', '--max-work'],
    ['permits', 'too many arguments'],
  ])('that mean nothing are refused with the way out: %s', async (line, words) => {
    const { flags, told } = await parse(line);
    expect(flags).toBeNull();
    expect(told).toContain(words);
  });
});
