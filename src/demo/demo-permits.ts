import { type DemoPerson, makeCompany, makePerson, makeStreet } from './demo-people.ts';
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
  contractor: { company: string; person: DemoPerson } | null;
}

const DAY_MS = 86_400_000;
const DAYS_BACK = 120;

/** What people build, with how often; the last ones look like solar work and are not. */
const DESCRIPTIONS: readonly [number, readonly [string, ...string[]]][] = [
  [14, ['INSTALL 7.2 KW ROOF MOUNTED PV SYSTEM, 18 MODULES', 'Residential photovoltaic, 24 panels', 'SOLAR PV 9.8 KW']],
  [14, ['Re-roof, tear off and replace asphalt shingles', 'REROOF 28 SQUARES ARCHITECTURAL SHINGLES']],
  [9, ['Main panel upgrade 100A to 200A', 'ELECTRICAL SERVICE UPGRADE 200 AMP PANEL']],
  [7, ['Install EV charger in garage, 50A circuit', 'LEVEL 2 ELECTRIC VEHICLE CHARGER']],
  [5, ['Battery energy storage system, 13.5 kWh', 'ENERGY STORAGE SYSTEM (ESS) GARAGE WALL']],
  [9, ['New single family dwelling, 2,400 sq ft', 'NEW CONSTRUCTION SINGLE FAMILY RESIDENCE']],
  [
    22,
    [
      'Replace water heater',
      'Interior remodel of kitchen',
      'Fence, 6 ft wood',
      'HVAC change-out 3 ton',
      'Build deck 12x16',
    ],
  ],
  [4, ['Install solar screens on 6 windows', 'SOLAR WATER HEATER REPLACEMENT', 'Solar powered school zone beacon']],
];
const TOTAL_WEIGHT = DESCRIPTIONS.reduce((sum, [weight]) => sum + weight, 0);

/** The permits of one publisher, oldest first, spread over the days before `now`. The same seed gives the same people. */
export function makePermits(publisher: Publisher, rows: number, seed: number, now: Date): DemoPermit[] {
  const random = createRandom(seed ^ publisher.seedOffset);
  const permits: DemoPermit[] = [];
  for (let index = 0; index < rows; index += 1) {
    const age = ((rows - 1 - index) / rows) * DAYS_BACK * DAY_MS;
    const before = permits[index - 1];
    permits.push(makePermit(random, publisher, index + 1, new Date(now.getTime() - age), before));
  }
  return permits;
}

function makePermit(
  random: Random,
  publisher: Publisher,
  rowId: number,
  issuedAt: Date,
  before: DemoPermit | undefined,
): DemoPermit {
  const repeated = before && random.chance(0.03);
  return {
    rowId,
    number: repeated ? before.number : `${issuedAt.getUTCFullYear()}${String(rowId).padStart(6, '0')}`,
    issuedAt: startOfDay(issuedAt),
    description: describe(random, publisher),
    street: makeStreet(random),
    city: publisher.city,
    zip: `${publisher.zipPrefix}${String(random.between(1, 60)).padStart(2, '0')}`,
    value: random.between(5, 600) * 100,
    owner: makePerson(random, publisher.areaCode),
    contractor: random.chance(0.6)
      ? { company: makeCompany(random), person: makePerson(random, publisher.areaCode) }
      : null,
  };
}

function startOfDay(date: Date): Date {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));
}

function describe(random: Random, publisher: Publisher): string {
  const text = random.pick(pickKind(random));
  if (random.chance(0.05)) {
    const person = makePerson(random, publisher.areaCode);
    return `${text}. Call ${person.phone} or ${person.email.replace('@', ' [at] ')} before inspection`;
  }
  // The office's own address is on many real permits and is nobody's lead.
  return random.chance(0.03) ? `${text}. EMAIL DIRECTLY TO permits@${publisher.officeDomain}` : text;
}

function pickKind(random: Random): readonly [string, ...string[]] {
  let left = random.next() * TOTAL_WEIGHT;
  for (const [weight, texts] of DESCRIPTIONS) {
    left -= weight;
    if (left < 0) return texts;
  }
  return ['Replace water heater'];
}
