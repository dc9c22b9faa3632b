import { describe, expect, it } from 'vitest';
import type { ApiSession } from '#lib/api/session.ts';
import { aheadInWords, progressPercent, sessionPhrase } from './session-phrase.ts';

const session = (patch: Partial<ApiSession>): ApiSession => ({
  id: 1,
  batchId: '00000000-0000-4000-8000-000000000001',
  source: 'permits',
  location: 'Georgia',
  status: 'pending',
  statusReason: null,
  cancelRequested: false,
  priority: 0,
  retryCount: 0,
  maxRetries: 3,
  leadsFound: 0,
  leadsNew: 0,
  workerId: null,
  createdAt: '2026-01-02T12:00:00Z',
  wakeAt: null,
  inLineFor: null,
  startedAt: null,
  completedAt: null,
  progress: null,
  error: null,
  ...patch,
});
const error = { code: 'network', message: 'The host answered 503' };
const wakeAt = '2026-01-02T12:01:00Z';

describe('aheadInWords', () => {
  it('does not take the end of the count for the end of the queue', () => {
    expect([aheadInWords(0), aheadInWords(12), aheadInWords(1_000)]).toEqual([null, '12 ahead', '1,000+ ahead']);
  });
});

describe('sessionPhrase', () => {
  it.each<[string, Partial<ApiSession>]>([
    ['Waiting for a worker', {}],
    ['Waiting for its turn at data.example.com', { inLineFor: 'data.example.com', retryCount: 1 }],
    ['Waiting for a worker to try again', { retryCount: 1, error }],
    ['The host answered 503', { retryCount: 1, error, wakeAt }],
    ['the host asks for less', { statusReason: 'the host asks for less', wakeAt }],
    ['Starting', { status: 'running' }],
    ['Savannah: page 3', { status: 'running', progress: { message: 'Savannah: page 3' } }],
    ['1,204 rows on 24 pages', { status: 'completed', progress: { rows: 1204, pages: 24 } }],
    ['Finished', { status: 'completed' }],
    ['The host answered 503', { status: 'failed', error }],
    ['No reason was recorded', { status: 'failed' }],
    ['Stopped by a person', { status: 'cancelled' }],
  ])('says "%s"', (phrase, patch) => {
    expect(sessionPhrase(session(patch))).toBe(phrase);
  });
});

describe('progressPercent', () => {
  it('is unknown without an end, and never more than all of it', () => {
    expect(progressPercent({ progress: null })).toBeNull();
    expect(progressPercent({ progress: { done: 3 } })).toBeNull();
    expect(progressPercent({ progress: { done: 0, total: 0 } })).toBeNull();
    expect(progressPercent({ progress: { done: 1, total: 3 } })).toBe(33);
    expect(progressPercent({ progress: { done: 5, total: 3 } })).toBe(100);
  });
});
