import { describe, expect, it } from 'vitest';
import { InvalidInputError, NetworkError } from '#lib/errors.ts';
import { normalizeLead } from '#lib/leads/normalize-lead.ts';
import { createMemoryContext, type MemoryContext } from '#lib/scrapers/memory-context.ts';
import { SimulatedScraper } from './simulated.scraper.ts';

const FAST = { durationMs: 0, failureRate: 0 };

const contextOf = (params: Record<string, unknown>, cursor: unknown = null, signal?: AbortSignal) =>
  createMemoryContext({ source: 'simulated', location: 'Georgia', params, cursor, ...(signal ? { signal } : {}) });

async function run(params: Record<string, unknown>): Promise<MemoryContext> {
  const context = contextOf(params);
  await new SimulatedScraper().execute('Georgia', { context });
  return context;
}

/** Runs attempts, each from where the last one got to, until one goes well; returns how many failed. */
async function runUntilDone(params: Record<string, unknown>): Promise<{ failures: number; rows: string[] }> {
  const rows: string[] = [];
  let cursor: unknown = null;
  for (let failures = 0; failures < 100; failures += 1) {
    const context = contextOf(params, cursor);
    const failed = await new SimulatedScraper().execute('Georgia', { context }).then(
      () => false,
      (error) => error instanceof NetworkError,
    );
    rows.push(...context.leads.map((lead) => lead.sourceRowId));
    if (!failed) return { failures, rows };
    cursor = context.checkpoints.at(-1)?.cursor;
  }
  throw new Error('A hundred attempts failed.');
}

describe('the simulated source', () => {
  it('saves as many made-up people as it is told, all of them marked, and asks nobody anything', async () => {
    const context = await run({ ...FAST, leads: 23 });
    expect(context.leads).toHaveLength(23);
    expect(context.stats.requestsMade).toBe(0);
    for (const lead of context.leads) {
      expect(lead.demo).toBe(true);
      const saved = normalizeLead(lead, { source: 'simulated', now: new Date() });
      expect(saved).toMatchObject({
        name: expect.stringContaining('Simulated Person'),
        email: expect.stringMatching(/@example\.com$/),
        phone: expect.stringMatching(/^\+140455501\d\d$/),
      });
    }
  });

  it('tells the same story for the same seed, and another one without', async () => {
    const names = async (params: Record<string, unknown>) =>
      (await run({ ...FAST, ...params })).leads.map(({ name, sourceRowId }) => [name, sourceRowId]);
    expect(await names({ seed: 7 })).toEqual(await names({ seed: 7 }));
    expect(await names({ seed: 8 })).not.toEqual(await names({ seed: 7 }));
    expect(await names({})).not.toEqual(await names({}));
  });

  it('fails as often as it is told, and goes on where it was', async () => {
    const attempts = { failed: 0, all: 0 };
    for (let seed = 0; seed < 100; seed += 1) {
      const { failures, rows } = await runUntilDone({ durationMs: 0, failureRate: 0.3, leads: 10, seed });
      expect(new Set(rows).size, 'nobody twice, nobody left out').toBe(10);
      expect(rows).toHaveLength(10);
      attempts.failed += failures;
      attempts.all += failures + 1;
    }
    expect(attempts.failed / attempts.all).toBeGreaterThan(0.2);
    expect(attempts.failed / attempts.all).toBeLessThan(0.4);
  });

  it('always fails at a rate of one', async () => {
    await expect(run({ durationMs: 0, failureRate: 1 })).rejects.toThrow(NetworkError);
  });

  it('takes its time, and stops when it is told to', async () => {
    const stopping = new AbortController();
    const context = contextOf({ durationMs: 300_000, failureRate: 0 }, null, stopping.signal);
    const running = new SimulatedScraper().execute('Georgia', { context });
    stopping.abort(new Error('stop'));
    await expect(running).rejects.toThrow();
    expect(context.leads).toEqual([]);
  });

  it('refuses params that it does not know', async () => {
    await expect(run({ failureRate: 15 })).rejects.toThrow(InvalidInputError);
    await expect(run({ speed: 'fast' })).rejects.toThrow(/speed/);
  });
});
