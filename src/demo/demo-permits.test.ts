import { describe, expect, it } from 'vitest';
import { extractPhones } from '#lib/leads/extract-contacts.ts';
import { makePermits } from './demo-permits.ts';
import { PUBLISHERS, type Publisher } from './publishers.ts';

const [publisher] = PUBLISHERS as [Publisher];
const now = new Date('2026-03-10T15:00:00Z');
const DAY_MS = 86_400_000;

describe('makePermits', () => {
  it.each([1, 7, 120, 1_500, 20_000])('spreads exactly %i rows over the days up to today', (rows) => {
    const permits = makePermits(publisher, rows, 1, now);
    expect(permits).toHaveLength(rows);
    expect(new Set(permits.map((permit) => permit.rowId)).size).toBe(rows);
    const times = permits.map((permit) => permit.issuedAt.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Math.max(...times)).toBeLessThanOrEqual(now.getTime());
    expect(Math.min(...times)).toBeGreaterThanOrEqual(now.getTime() - 121 * DAY_MS);
  });

  it('shows the same permits a week later, less the oldest and with those of the week', () => {
    const first = makePermits(publisher, 1_200, 1, now);
    const later = makePermits(publisher, 1_200, 1, new Date(now.getTime() + 7 * DAY_MS));
    expect(later.slice(0, 1_130)).toEqual(first.slice(70));
    expect(later.at(-1)?.issuedAt.toISOString()).toBe('2026-03-17T00:00:00.000Z');
  });

  it('has what real permits have: repeated numbers, the office address, contacts in descriptions', () => {
    const permits = makePermits(publisher, 1_500, 1, now);
    const texts = permits.map((permit) => permit.description);
    expect(new Set(permits.map((permit) => permit.number)).size).toBeLessThan(1_500);
    expect(texts.some((text) => text.includes(`permits@${publisher.officeDomain}`))).toBe(true);
    expect(texts.some((text) => extractPhones(text).length === 1)).toBe(true);
  });

  it('gives everybody a number that is set aside for fiction and no two owners the same', () => {
    const phones = makePermits(publisher, 1_500, 1, now).map((permit) => permit.owner.phone);
    expect(new Set(phones).size).toBe(1_500);
    for (const phone of phones) {
      expect(phone).toMatch(/^\(\d{3}\) 555-01\d\d$/);
      expect(extractPhones(phone)).toHaveLength(1);
    }
  });
});
