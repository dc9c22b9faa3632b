import { describe, expect, it } from 'vitest';
import {
  AddressRefusedError,
  type AppError,
  BlockedError,
  CancelledError,
  DatabaseUnavailableError,
  FetchTimeoutError,
  HostNotReadyError,
  HostUnknownError,
  InvalidInputError,
  LayoutChangedError,
  LeaseLostError,
  NetworkError,
  PageGoneError,
  ProxyError,
  RequestRefusedError,
  RobotsDisallowedError,
  SessionTimeoutError,
  ShutdownError,
  ThrottledError,
  UnusableBodyError,
} from '#lib/errors.ts';
import { outcomeOf, type SessionOutcome } from './job-outcome.ts';

const EVERY_ERROR: [AppError, SessionOutcome['kind']][] = [
  [new ThrottledError('m', 5_000), 'snoozed'],
  [new HostNotReadyError('m', 5_000), 'snoozed'],
  [new ProxyError('m'), 'snoozed'],
  [new NetworkError('m'), 'retry'],
  [new HostUnknownError('m'), 'retry'],
  [new FetchTimeoutError('m'), 'retry'],
  [new SessionTimeoutError('m'), 'retry'],
  [new BlockedError('m'), 'failed'],
  [new PageGoneError('m'), 'failed'],
  [new RobotsDisallowedError('m'), 'failed'],
  [new UnusableBodyError('m'), 'failed'],
  [new AddressRefusedError('m'), 'failed'],
  [new RequestRefusedError('m'), 'failed'],
  [new LayoutChangedError('m'), 'failed'],
  [new InvalidInputError('m'), 'failed'],
  [new CancelledError('m'), 'cancelled'],
  [new ShutdownError('m'), 'interrupted'],
  [new LeaseLostError('m'), 'lost'],
  [new DatabaseUnavailableError('m'), 'interrupted'],
];

describe('outcomeOf', () => {
  it('is completed when the scraper returned', () => {
    expect(outcomeOf(null, null)).toEqual({ kind: 'completed' });
  });

  it.each(EVERY_ERROR)('makes of %s: %s', (error, kind) => {
    expect(outcomeOf(error, null).kind).toBe(kind);
  });

  it.each([new Error('bug'), new TypeError('bug'), 'a string', undefined])(
    'takes anything unexpected (%s) for a bug that is worth another try',
    (thrown) => {
      expect(outcomeOf(thrown, null)).toMatchObject({ kind: 'retry', error: { code: 'bug' } });
    },
  );

  it.each(EVERY_ERROR.filter(([, kind]) => kind !== 'lost'))(
    'goes by the reason of the abort (%s), not by what the scraper threw on its way out',
    (reason, kind) => {
      expect(outcomeOf(new TypeError('torn down'), reason).kind).toBe(kind);
    },
  );

  it.each([new CancelledError('m'), new SessionTimeoutError('m'), new ShutdownError('m')])(
    'is completed when the scraper finished although it was told to stop (%s)',
    (reason) => {
      expect(outcomeOf(null, reason).kind).toBe('completed');
    },
  );

  it('writes nothing once the claim is lost, not even a success', () => {
    expect(outcomeOf(null, new LeaseLostError('gone'))).toEqual({ kind: 'lost', reason: 'gone' });
  });

  it.each([
    [5_000, 5_000],
    [0, 1_000],
    [-7, 1_000],
    [Number.POSITIVE_INFINITY, 30_000],
    [Number.NaN, 30_000],
    [999_999_999, 3_600_000],
  ])('snoozes for a sane time when %s ms are asked for', (asked, delayMs) => {
    expect(outcomeOf(new ThrottledError('m', asked), null)).toMatchObject({ kind: 'snoozed', delayMs });
  });
});
