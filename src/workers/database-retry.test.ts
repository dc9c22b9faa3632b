import { describe, expect, it } from 'vitest';
import { DatabaseUnavailableError, LeaseLostError } from '#lib/errors.ts';
import { isDatabaseOutage, outageDelayMs, withDatabaseRetry } from './database-retry.ts';

const coded = (code: string) => Object.assign(new Error(code), { code });

describe('isDatabaseOutage', () => {
  it.each(['57P01', '57P03', '08006', '53300', '53100', '40001', '40P01', '55P03', '57014', '25006', '58030'])(
    'takes SQLSTATE %s for passing',
    (code) => expect(isDatabaseOutage(coded(code))).toBe(true),
  );

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN'])('takes %s for passing', (code) =>
    expect(isDatabaseOutage(coded(code))).toBe(true),
  );

  it.each(['Connection terminated unexpectedly', 'timeout exceeded when trying to connect', 'Query read timeout'])(
    'takes what pg says without a code for passing: "%s"',
    (message) => expect(isDatabaseOutage(new Error(message))).toBe(true),
  );

  it.each([
    coded('23505'),
    coded('42P01'),
    coded('22P02'),
    new TypeError('x'),
    new Error('an invariant'),
    'text',
    null,
  ])('takes %s for a mistake', (error) => expect(isDatabaseOutage(error)).toBe(false));

  it('knows our own errors', () => {
    expect(isDatabaseOutage(new DatabaseUnavailableError('m'))).toBe(true);
    expect(isDatabaseOutage(new LeaseLostError('m'))).toBe(false);
  });
});

describe('withDatabaseRetry', () => {
  const failing = (times: number, error: Error) => {
    let calls = 0;
    return async () => {
      calls += 1;
      if (calls <= times) throw error;
      return calls;
    };
  };

  it('tries again until the work succeeds', async () => {
    expect(await withDatabaseRetry(failing(2, coded('57P01')), { mayContinue: () => true, capMs: 1 })).toBe(3);
  });

  it('throws a mistake at once', async () => {
    const work = failing(1, coded('23505'));
    await expect(withDatabaseRetry(work, { mayContinue: () => true })).rejects.toThrow('23505');
  });

  it('gives up when no further try is allowed', async () => {
    const work = failing(9, coded('57P01'));
    await expect(withDatabaseRetry(work, { mayContinue: () => false })).rejects.toThrow('57P01');
  });

  it('never waits longer than its cap and a little', () => {
    for (let attempt = 1; attempt < 60; attempt += 1) expect(outageDelayMs(attempt)).toBeLessThanOrEqual(10_050);
  });
});
