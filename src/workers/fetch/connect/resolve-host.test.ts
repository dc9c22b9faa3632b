import { describe, expect, it } from 'vitest';
import { resolveBySystem } from './resolve-host.ts';

describe('resolveBySystem', () => {
  it('asks once for all who want the same name now, and again for those who come later', async () => {
    const first = resolveBySystem('localhost');
    expect(resolveBySystem('localhost')).toBe(first);
    expect((await first).map(({ address }) => address)).toContain('127.0.0.1');
    const later = resolveBySystem('localhost');
    expect(later).not.toBe(first);
    await later;
  });

  it('gets through more names than it asks for at a time, some of them unknown', async () => {
    const names = Array.from({ length: 12 }, (_, index) =>
      index % 2 === 0 ? `127.0.0.${index + 1}` : 'no..such..name',
    );
    const results = await Promise.allSettled(
      names.map((name, index) => resolveBySystem(index % 2 === 0 ? name : `${index}${name}`)),
    );
    expect(results.map(({ status }) => status)).toEqual(
      names.map((_, index) => (index % 2 === 0 ? 'fulfilled' : 'rejected')),
    );
  });
});
