import { describe, expect, it } from 'vitest';
import { HostUnknownError, NetworkError, PageGoneError, ThrottledError } from '#lib/errors.ts';
import { definePortal } from '#lib/portals/builtin/define-portal.ts';
import { NEW_PORTAL, parseCursor, type SessionCursor } from './session-cursor.ts';
import { reopenFailed, settleSession } from './session-end.ts';

const fields = { id: 'a', date: 'b', description: 'c', address: 'd' };
const [one, two] = ['one', 'two'].map((name) =>
  definePortal('arcgis', { name, state: 'GA', url: `https://${name}.example.gov/0`, fields }),
) as [ReturnType<typeof definePortal>, ReturnType<typeof definePortal>];

function cursorWith(
  first: 'done' | 'failed' | 'waiting',
  second: 'done' | 'failed' | 'waiting',
  attempts = 0,
): SessionCursor {
  const portals = {
    [one.id]: { ...NEW_PORTAL, state: first },
    [two.id]: { ...NEW_PORTAL, state: second, note: 'why' },
  };
  return { ...parseCursor(null), attempts, portals };
}

const network = { portal: two, kind: 'again' as const, error: new NetworkError('down') };
const gone = { portal: two, kind: 'final' as const, error: new PageGoneError('gone') };
const unknown = { portal: two, kind: 'offline' as const, error: new HostUnknownError('no such host') };

describe('how a session ends', () => {
  it('complete, with what failed noted', () => {
    expect(settleSession(cursorWith('done', 'failed'), [one, two], [gone], 3)).toMatchObject({ error: null });
    expect(settleSession(cursorWith('done', 'failed'), [one, two], [unknown], 3)).toMatchObject({ error: null });
  });

  it('to be tried again while attempts are left, then complete with warnings', () => {
    expect(settleSession(cursorWith('done', 'waiting'), [one, two], [network], 3).error).toBeInstanceOf(NetworkError);
    const last = settleSession(cursorWith('done', 'waiting', 3), [one, two], [network], 3);
    expect(last.error).toBeNull();
    expect(last.cursor.portals[two.id]?.state).toBe('failed');
  });

  it('to be tried again for ever where nothing was read: the runner counts the attempts', () => {
    const end = settleSession(cursorWith('failed', 'waiting', 9), [one, two], [network], 3);
    expect(end.error).toBeInstanceOf(NetworkError);
  });

  it('waiting, without an attempt, where a publisher asked for less', () => {
    const throttled = { portal: two, kind: 'again' as const, error: new ThrottledError('slow down', 60_000) };
    const end = settleSession(cursorWith('done', 'waiting'), [one, two], [network, throttled], 3);
    expect(end.error).toBe(throttled.error);
    expect(end.cursor.attempts).toBe(0);
  });

  it('failed for good where nothing could be read, and a person may try all again', () => {
    const end = settleSession(cursorWith('failed', 'failed'), [one, two], [gone], 3);
    expect(end.error).toMatchObject({ disposition: 'skip-page' });
    expect(end.error?.message).toContain('two: why');
    expect(Object.values(reopenFailed(end.cursor).portals).map(({ state }) => state)).toEqual(['waiting', 'waiting']);
  });

  it('with the offline error itself where no host has a name', () => {
    expect(settleSession(cursorWith('failed', 'failed'), [one, two], [unknown], 3).error).toBe(unknown.error);
  });
});
