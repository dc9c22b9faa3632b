import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';
import { isRefreshedBy } from './live-refresh.ts';

async function query(queryKey: string[], data: unknown, meta: { waitsForReader?: boolean } = {}) {
  const client = new QueryClient();
  await client.prefetchQuery({ queryKey, queryFn: () => data, meta });
  const found = client.getQueryCache().find({ queryKey });
  if (found === undefined) throw new Error('The query is not in the cache');
  return found;
}

const pages = (count: number) => ({ pages: Array.from({ length: count }, () => ({ items: [] })) });

describe('isRefreshedBy', () => {
  it('follows the topic that a key starts with', async () => {
    const sessions = await query(['sessions', 'list'], pages(1));
    expect(isRefreshedBy(sessions, new Set(['sessions']), false)).toBe(true);
    expect(isRefreshedBy(sessions, new Set(['leads']), false)).toBe(false);
  });

  it('leaves long lists to the slow round, since each page is a request', async () => {
    const long = await query(['sessions', 'list'], pages(4));
    expect(isRefreshedBy(long, new Set(['sessions']), false)).toBe(false);
    expect(isRefreshedBy(long, new Set(['sessions']), true)).toBe(true);
  });

  it('never moves a list that waits for its reader', async () => {
    const leads = await query(['leads', 'list'], pages(1), { waitsForReader: true });
    expect(isRefreshedBy(leads, new Set(['leads']), true)).toBe(false);
  });
});
