import { expect, it } from 'vitest';
import { effectOf } from './node-words.ts';

it('says what a state means for the work, people first', () => {
  const of = (status: 'healthy' | 'degraded' | 'unhealthy' | 'gone', mode: 'active' | 'paused' | 'draining') =>
    effectOf({ status, mode, activeWorkers: 1 });
  expect(of('healthy', 'active')).toBeNull();
  expect(of('degraded', 'active')).toBe('takes half as much');
  expect(of('unhealthy', 'active')).toBe('claims nothing new');
  expect(of('degraded', 'paused')).toBe('claims nothing new');
  expect(of('unhealthy', 'draining')).toBe('its workers finish and leave');
  expect(effectOf({ status: 'healthy', mode: 'draining', activeWorkers: 0 })).toBe('has no workers');
  expect(of('gone', 'paused')).toBeNull();
});
