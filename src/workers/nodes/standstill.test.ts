import { expect, it } from 'vitest';
import { standstillOf, standstillOfHealth } from './standstill.ts';

it.each([
  [{ mode: 'paused', desiredWorkers: null }, 'paused by people', 'npx eko nodes resume roof'],
  [{ mode: 'draining', desiredWorkers: 0 }, 'drained by people', 'npx eko nodes resume roof'],
  [{ mode: 'active', desiredWorkers: 0 }, 'scaled to 0 by people', 'npx eko nodes scale roof default'],
] as const)('says of %o why nothing is claimed, and what ends that', (wish, why, resume) => {
  expect(standstillOf(wish, 'roof')).toMatchObject({ why, resume });
});

it('gives commands that can be copied, and says where, on a machine without the database', () => {
  const paused = { mode: 'paused', desiredWorkers: null } as const;
  expect(standstillOf(paused, 'office one')?.resume).toBe("npx eko nodes resume 'office one'");
  const { resume } = standstillOf(paused, 'cellar', true) ?? {};
  expect(resume).toBe('on /workers, or where the database is: npx eko nodes resume cellar');
});

it.each([null, 1])('sees none in a machine that shall have %s workers', (desiredWorkers) => {
  expect(standstillOf({ mode: 'active', desiredWorkers }, 'roof')).toBeNull();
});

it('says of a machine that can take nothing what it is short of', () => {
  const reasons = ['Memory is 98 % used: too much from 97, fine again below 92'];
  expect(standstillOfHealth({ status: 'unhealthy', reasons })).toMatchObject({ why: 'unhealthy', resume: reasons[0] });
  expect(standstillOfHealth({ status: 'degraded', reasons })).toBeNull();
});
