import { describe, expect, it } from 'vitest';
import { type SessionState, stateInWords } from './state-in-words.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const session = (patch: Partial<SessionState>): SessionState => ({
  status: 'pending',
  statusReason: null,
  cancelRequested: false,
  wakeAt: null,
  inLineFor: null,
  retryCount: 0,
  maxRetries: 3,
  progress: null,
  error: null,
  leadsFound: 0,
  leadsNew: 0,
  ...patch,
});

describe('stateInWords', () => {
  it.each<[string, Partial<SessionState>]>([
    ['Waiting for a worker', {}],
    ['Waiting for its turn at data.example.com', { inLineFor: 'data.example.com', retryCount: 1 }],
    ['Waiting for a worker to try again (1 of 3)', { retryCount: 1 }],
    [
      'Trying again in 40 s because: the host answered 503',
      { retryCount: 1, wakeAt: '2026-03-01T12:00:40Z', statusReason: 'the host answered 503.' },
    ],
    [
      'Going on in 5 min because: the host asks for less',
      { wakeAt: '2026-03-01T12:05:00Z', statusReason: 'the host asks for less' },
    ],
    ['Going on now', { wakeAt: '2026-03-01T11:00:00Z' }],
    ['Savannah: page 3', { status: 'running', progress: { message: 'Savannah: page 3' } }],
    ['Starting', { status: 'running' }],
    ['Stopping: a cancel was asked for', { status: 'running', cancelRequested: true, progress: { message: 'page 1' } }],
    ['Done: nothing was found', { status: 'completed' }],
    ['Done: 12,345 leads, 1,200 of them new', { status: 'completed', leadsFound: 12_345, leadsNew: 1_200 }],
    ['Done: 1 lead, 0 of them new', { status: 'completed', leadsFound: 1 }],
    [
      'Failed: the columns changed',
      { status: 'failed', error: { code: 'layout_changed', message: 'the columns changed' } },
    ],
    ['Cancelled on request', { status: 'cancelled' }],
  ])('says "%s"', (words, patch) => {
    expect(stateInWords(session(patch), NOW)).toBe(words);
  });
});
