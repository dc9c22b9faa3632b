import { createRandom, type Random } from './random.ts';

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

export function makePerson(random: Random, phone: string): DemoPerson {
  const first = random.pick(FIRST) + random.pick(FIRST_END);
  const last = random.pick(LAST) + random.pick(LAST_END);
  return {
    name: `${first} ${last}`,
    phone,
    email: `${first}.${last}${random.between(1, 99)}@${random.pick(MAIL_DOMAINS)}`.toLowerCase(),
  };
}

/** Area codes in use, so that thousands of people need not share a hundred numbers: people keep theirs when they move. */
const AREA_CODES =
  '404 470 678 770 706 762 912 229 478 205 251 256 334 305 321 352 386 407 561 727 772 813 850 904 941 954 803 843 864 423 615 731 865 901 931 252 336 704 828 910 919 202 212 214 215 216 217 281 301 303 310 312 313 314 315 316 317 318 319 323'.split(
    ' ',
  );

/** Numbers that a group of people share out among themselves: `count` of them from `first` on. */
export interface PhoneRange {
  first: number;
  count: number;
}

/** Firms have the numbers before these, people who are named in descriptions have the ones from here on. */
const FIRM_PHONES: PhoneRange = { first: 0, count: 100 };
export const MENTIONED_PHONES: PhoneRange = { first: 5_400, count: 600 };

/** 555-0100 to 555-0199 are set aside for fiction in every area code: 6,000 numbers in ours. */
export function makePhone(range: PhoneRange, serial: number): string {
  const number = range.first + (serial % range.count);
  const areaCode = AREA_CODES[Math.floor(number / 100) % AREA_CODES.length] ?? '404';
  return `(${areaCode}) 555-01${String(number % 100).padStart(2, '0')}`;
}

export interface DemoFirm {
  company: string;
  person: DemoPerson;
}

/** One of a few dozen firms, each with the same person and phone on all its permits, whoever publishes them. */
export function pickFirm(random: Random): DemoFirm {
  const index = random.between(0, COMPANY.length * TRADE.length - 1);
  const ofFirm = createRandom(index);
  const name = COMPANY[index % COMPANY.length] ?? COMPANY[0];
  const trade = TRADE[Math.floor(index / COMPANY.length)] ?? TRADE[0];
  return {
    company: `${name} ${trade} ${ofFirm.chance(0.5) ? 'LLC' : 'Inc'}`,
    person: makePerson(ofFirm, makePhone(FIRM_PHONES, index)),
  };
}

export function makeStreet(random: Random): string {
  return `${random.between(1, 9_899)} ${random.pick(STREETS)} ${random.pick(STREET_KINDS)}`;
}
