import { describe, expect, it } from 'vitest';
import { BUILTIN_PORTALS } from './builtin-portals.ts';
import { normalizePortalUrl } from './portal-url.ts';
import { findStateCode } from './us-states.ts';

describe('the portals that come with the code', () => {
  it('have ids and addresses of their own, so that no row is read twice', () => {
    expect(new Set(BUILTIN_PORTALS.map((portal) => portal.id)).size).toBe(BUILTIN_PORTALS.length);
    expect(new Set(BUILTIN_PORTALS.map((portal) => portal.url)).size).toBe(BUILTIN_PORTALS.length);
  });

  it.each(BUILTIN_PORTALS.map((portal) => [portal.name, portal] as const))(
    '%s could be added as it stands',
    (_, portal) => {
      expect(normalizePortalUrl(portal.kind, portal.url)).toEqual({ ok: true, url: portal.url });
      expect(findStateCode(portal.state)).toBe(portal.state);
      expect(portal.city ?? portal.county).not.toBeNull();
      expect(portal.origin).toBe('builtin');
    },
  );

  it('begin with Georgia', () => {
    expect(BUILTIN_PORTALS[0]).toMatchObject({ state: 'GA', county: 'DeKalb County' });
  });
});
