import type { Random } from './random.ts';

/** Syllables, so that every name is made up and none is anybody's. */
const FIRST = [
  'Ar',
  'Bel',
  'Cor',
  'Dav',
  'El',
  'Fen',
  'Gal',
  'Har',
  'Il',
  'Jor',
  'Kel',
  'Lor',
  'Mar',
  'Nel',
  'Or',
] as const;
const FIRST_END = ['a', 'an', 'en', 'ia', 'in', 'is', 'on', 'ra', 'ric', 'wyn'] as const;
const LAST = [
  'Ash',
  'Birch',
  'Clover',
  'Dale',
  'Elder',
  'Fern',
  'Glen',
  'Hazel',
  'Ivy',
  'Juniper',
  'Larch',
  'Moss',
] as const;
const LAST_END = [
  'bourne',
  'by',
  'combe',
  'field',
  'ford',
  'ham',
  'hollow',
  'ley',
  'mere',
  'stead',
  'wick',
  'worth',
] as const;
const COMPANY = [
  'Bright Acorn',
  'Blue Heron',
  'Copper Fox',
  'Gray Otter',
  'Quiet Pine',
  'Red Wren',
  'Silver Birch',
] as const;
const TRADE = ['Solar', 'Roofing', 'Electric', 'Builders', 'Home Services', 'Energy'] as const;
const STREETS = ['Acorn', 'Bluebird', 'Cotton', 'Dogwood', 'Magnolia', 'Mill', 'Orchard', 'Pecan', 'Sparrow'] as const;
const STREET_KINDS = ['Ave', 'Ct', 'Dr', 'Ln', 'Rd', 'St', 'Way'] as const;
/** RFC 2606 reserves these for examples. */
const MAIL_DOMAINS = ['example.com', 'example.net', 'example.org'] as const;

export interface DemoPerson {
  name: string;
  phone: string;
  email: string;
}

export function makePerson(random: Random, areaCode: string): DemoPerson {
  const first = random.pick(FIRST) + random.pick(FIRST_END);
  const last = random.pick(LAST) + random.pick(LAST_END);
  return {
    name: `${first} ${last}`,
    phone: makePhone(random, areaCode),
    email: `${first}.${last}${random.between(1, 99)}@${random.pick(MAIL_DOMAINS)}`.toLowerCase(),
  };
}

/** 555-0100 to 555-0199 are set aside for fiction in every area code. */
export function makePhone(random: Random, areaCode: string): string {
  return `(${areaCode}) 555-01${String(random.between(0, 99)).padStart(2, '0')}`;
}

export function makeCompany(random: Random): string {
  return `${random.pick(COMPANY)} ${random.pick(TRADE)} ${random.chance(0.5) ? 'LLC' : 'Inc'}`;
}

export function makeStreet(random: Random): string {
  return `${random.between(1, 9_899)} ${random.pick(STREETS)} ${random.pick(STREET_KINDS)}`;
}
