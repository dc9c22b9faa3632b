import { makeDescription } from './demo-descriptions.ts';
import {
  type DemoFirm,
  type DemoPerson,
  MENTIONED_PHONES,
  makePerson,
  makePhone,
  makeStreet,
  pickFirm,
} from './demo-people.ts';
import type { Publisher } from './publishers.ts';
import { createRandom, type Random } from './random.ts';

/** One generated permit, before a publisher writes it in its own columns. */
export interface DemoPermit {
  rowId: number;
  /** Repeats on some rows, as permit numbers do. */
  number: string;
  issuedAt: Date;
  description: string;
  street: string;
  city: string;
  zip: string;
  value: number;
  owner: DemoPerson;
  contractor: DemoFirm | null;
}

const DAY_MS = 86_400_000;
const DAYS_BACK = 120;
/** Row ids count from this day on. */
const FIRST_DAY = Date.UTC(2020, 0, 1) / DAY_MS;

/**
 * The permits of one publisher, oldest first: exactly `rows` of them, spread over the 120 days that end with `now`. Each
 * row follows from the seed and its own number alone, and the number from its day. So a later start shows the same permits,
 * less the oldest and with those of the days since, and there is something new to be found every day.
 */
export function makePermits(publisher: Publisher, rows: number, seed: number, now: Date): DemoPermit[] {
  if (rows === 0) return [];
  const daysSoFar = Math.floor(now.getTime() / DAY_MS) - FIRST_DAY + 1;
  // A handful of rows comes one a day, so that none is older than a first run looks back.
  const days = Math.min(DAYS_BACK, rows);
  const end = Math.floor((daysSoFar * rows) / days);
  return Array.from({ length: rows }, (_, index) => {
    const rowId = end - rows + index + 1;
    const day = FIRST_DAY + Math.min(daysSoFar - 1, Math.floor(((rowId - 1) * days) / rows));
    return makePermit(publisher, rowId, new Date(day * DAY_MS), seed);
  });
}

function makePermit(publisher: Publisher, rowId: number, issuedAt: Date, seed: number): DemoPermit {
  const random = createRandom(seed ^ publisher.seedOffset ^ Math.imul(rowId, 0x9e37_79b1));
  return {
    rowId,
    number: `${issuedAt.getUTCFullYear()}${String(random.chance(0.03) ? rowId - 1 : rowId).padStart(6, '0')}`,
    issuedAt,
    description: describe(random, publisher, rowId),
    street: makeStreet(random),
    city: publisher.city,
    zip: `${publisher.zipPrefix}${String(random.between(1, 60)).padStart(2, '0')}`,
    value: random.between(5, 600) * 100,
    owner: makePerson(random, makePhone(publisher.phones, rowId)),
    contractor: random.chance(0.6) ? pickFirm(random) : null,
  };
}

function describe(random: Random, publisher: Publisher, rowId: number): string {
  const text = makeDescription(random);
  if (random.chance(0.05)) {
    const person = makePerson(random, makePhone(MENTIONED_PHONES, rowId));
    return `${text}. Call ${person.phone} or ${person.email.replace('@', ' [at] ')} before inspection`;
  }
  // The office's own address is on many real permits and is nobody's lead.
  return random.chance(0.03) ? `${text}. EMAIL DIRECTLY TO permits@${publisher.officeDomain}` : text;
}
