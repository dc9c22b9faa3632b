import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';
import { staleReason } from './use-stale-reason.ts';

describe('staleReason', () => {
  it('tells why something that is shown is old, and nothing of what nobody looks at', async () => {
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    let broken = false;
    const observer = new QueryObserver(client, {
      queryKey: ['sessions', 'list'],
      queryFn: () => (broken ? Promise.reject(new Error('It broke')) : Promise.resolve([1])),
    });
    const leave = observer.subscribe(() => undefined);
    await observer.refetch();
    expect(staleReason(client.getQueryCache())).toBeNull();
    broken = true;
    await observer.refetch();
    expect(staleReason(client.getQueryCache())).toBe('It broke.');
    leave();
    expect(staleReason(client.getQueryCache())).toBeNull();
  });

  it('leaves what was never there to the place where it would be', async () => {
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const observer = new QueryObserver(client, {
      queryKey: ['sessions', 'list'],
      queryFn: () => Promise.reject(new Error('It broke')),
    });
    const leave = observer.subscribe(() => undefined);
    await observer.refetch();
    expect(staleReason(client.getQueryCache())).toBeNull();
    leave();
  });
});
