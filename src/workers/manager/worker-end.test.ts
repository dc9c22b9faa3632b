import { describe, expect, it } from 'vitest';
import { describeExit, failuresAfter, workerEndCause } from './worker-end.ts';

const exit = { code: null, signal: null, stopping: false, silent: false, oomKills: 0 };

describe('workerEndCause', () => {
  it.each([
    [{ ...exit, code: 1 }, 'crashed'],
    [{ ...exit, code: 134 }, 'crashed'],
    [{ ...exit, signal: 'SIGSEGV' }, 'crashed'],
    [{ ...exit, signal: 'SIGABRT' }, 'crashed'],
    [{ ...exit, signal: 'SIGKILL' }, 'killed'],
    [{ ...exit, signal: 'SIGKILL', oomKills: 1 }, 'crashed'],
    [{ ...exit, signal: 'SIGTERM', oomKills: 1 }, 'killed'],
    [{ ...exit, signal: 'SIGKILL', oomKills: 1, stopping: true }, 'stopped'],
    [{ ...exit, signal: 'SIGTERM' }, 'killed'],
    [{ ...exit, signal: 'SIGKILL', silent: true }, 'crashed'],
    [{ ...exit, code: 0 }, 'stopped'],
    [{ ...exit, code: 0, stopping: true }, 'stopped'],
    [{ ...exit, signal: 'SIGKILL', stopping: true }, 'stopped'],
  ] as const)('of %o is %s', (given, cause) => {
    expect(workerEndCause(given)).toBe(cause);
  });

  it('is told in one sentence', () => {
    expect(describeExit({ ...exit, signal: 'SIGSEGV' })).toBe('Ended by SIGSEGV');
    expect(describeExit({ ...exit, code: 7 })).toBe('Ended with exit code 7');
    expect(describeExit({ ...exit, silent: true })).toContain('did not answer');
    expect(describeExit({ ...exit, signal: 'SIGKILL', oomKills: 1 })).toContain('memory');
    expect(describeExit({ ...exit, signal: 'SIGKILL', oomKills: 1, stopping: true })).toBe(
      'Ended by SIGKILL when asked to stop',
    );
  });
});

describe('failuresAfter', () => {
  it.each([
    [{ cause: 'crashed', livedMs: 100, wasWorking: false }, 5],
    [{ cause: 'crashed', livedMs: 59_000, wasWorking: true }, 4],
    [{ cause: 'crashed', livedMs: 60_000, wasWorking: true }, 1],
    [{ cause: 'killed', livedMs: 2_000, wasWorking: true }, 1],
    [{ cause: 'killed', livedMs: 2_000, wasWorking: false }, 5],
  ] as const)('counts %o as %s', (end, failures) => {
    expect(failuresAfter(3, end)).toBe(failures);
  });
});
