import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js';
import { decodeEntities } from './decode-entities.ts';
import { MAX_INPUT_CHARS } from './extract-emails.ts';
import { toPlainCharacters } from './plain-characters.ts';

export interface PhoneFind {
  /** ITU-T E.164, such as "+14045550123". */
  e164: string;
  extension?: string;
}

/** Candidates looked at in one text; ends the work on texts made to be expensive. */
const MAX_CANDIDATES = 5_000;

/**
 * The phone numbers of a text, each once, in the order of appearance. A number counts when it is written as one
 * ("(404) 555-0123", "404.555.0123", "+44 20 7946 0958"), or when bare digits follow a word that says phone. Permit and
 * parcel numbers, dates, prices, coordinates, IP addresses and numbers labelled fax are left out. Validity is
 * libphonenumber's: it accepts the fictitious 555-01xx of existing area codes. Linear in the length of the input, of which
 * MAX_INPUT_CHARS are read.
 * @param options.defaultCountry ISO 3166 code of numbers without "+"; US unless given.
 */
export function extractPhones(text: string, options: { defaultCountry?: string } = {}): PhoneFind[] {
  const country = countryOf(options.defaultCountry);
  const plain = toPlainCharacters(decodeEntities(text.slice(0, MAX_INPUT_CHARS)));
  const pattern = getCountryCallingCode(country) === '1' ? NORTH_AMERICAN_OR_PLUS : ANY_OR_PLUS;
  const found = new Map<string, PhoneFind>();
  let candidates = 0;
  for (const match of plain.matchAll(pattern)) {
    if (!mayStart(plain, match.index, match[0])) continue;
    candidates += 1;
    if (candidates > MAX_CANDIDATES) break;
    const phone = readCandidate(plain, match.index, match[0], country);
    if (phone !== null) found.set(`${phone.e164};${phone.extension ?? ''}`, phone);
  }
  return [...found.values()];
}

/**
 * Reads a field that is known to hold a phone number, so bare digits count too. With several numbers in it, the first.
 * @returns null when nothing in it is a valid number.
 */
export function parsePhone(text: string, country = 'US'): PhoneFind | null {
  const plain = toPlainCharacters(text.slice(0, 200)).trim();
  const whole = parsePhoneNumberFromString(plain, { defaultCountry: countryOf(country), extract: false });
  if (whole?.isValid() === true) return toFind(whole.number, whole.ext);
  return extractPhones(`tel: ${plain}`, { defaultCountry: country })[0] ?? null;
}

function countryOf(code = 'US'): CountryCode {
  const upper = code.toUpperCase();
  return isSupportedCountry(upper) ? upper : 'US';
}

const PLUS = String.raw`\+\d(?:[ .()/-]{0,2}\d){6,14}`;
/** Three, three and four digits, the first of each group as the North American plan has them, with a leading 1 or not. */
const TEN_DIGITS = String.raw`(?:\+?1[ .-]{0,2})?(?:\(? ?[2-9]\d\d ?\)|[2-9]\d\d)[ ./-]{0,3}[2-9]\d\d[ .-]{0,3}\d{4}`;
const NORTH_AMERICAN_OR_PLUS = new RegExp(String.raw`(?<!\d)(?:${TEN_DIGITS}|${PLUS})`, 'g');
const ANY_OR_PLUS = new RegExp(String.raw`(?<![\d+])(?:${PLUS}|\(?\d(?:[ .()/-]{0,2}\d){6,13})`, 'g');

/** How much of the text before a number may tell what it is. */
const CONTEXT_CHARS = 48;

const PHONE_WORDS = 'phone|telephone|tel|cell|cellular|call|contact|mobile|mob|ph|text|sms|whatsapp';
const LABEL_BEFORE = new RegExp(
  String.raw`(?:^|[^a-z])(?:${PHONE_WORDS})(?: ?(?:no|num|number|at|us|me|is|#))?[ .:#=/)-]{0,4}(?:fax[ .:#]{0,3})?\(?$`,
  'i',
);
/** "CONTACT JOHN DOE 4045550123": a label, then at most a few words without digits. */
const LOOSE_LABEL_BEFORE = new RegExp(`(?:^|[^a-z])(?:${PHONE_WORDS})[a-z ,.:'&()-]{1,30}$`, 'i');
const IDENTIFIER_WORDS =
  'permit|parcel|license|licence|lic|case|record|pin|apn|invoice|account|acct|id|ref|reference|order|ticket|inspection|application|app|plan|project|lot|serial|model|tax|file|job|sku|cert|certificate|policy|registration';
const IDENTIFIER_BEFORE = new RegExp(
  `(?:^|[^a-z])(?:${IDENTIFIER_WORDS})(?: ?(?:no|num|number|id))?[ .:#=-]{0,4}$`,
  'i',
);
const IDENTIFIER_WORD = new RegExp(`(?:^|[^a-z])(?:${IDENTIFIER_WORDS})(?:[^a-z]|$)`, 'i');
const FAX_BEFORE = /(?:^|[^a-z])(?:fax|telefax|facsimile|f)(?: ?(?:no|num|number))?[.:#)\] ]{0,4}\(?$/i;
const PLAIN_F_BEFORE = /(?:^|[^a-z])f \(?$/i;
const PHONE_OR_FAX_BEFORE = /(?:phone|tel|ph|telephone)\.? ?(?:\/|&|and|or) ?fax[.:# ]{0,3}\(?$/i;

/** What stands directly before a number rules most identifiers out, at the cost of two characters. */
function mayStart(text: string, index: number, candidate: string): boolean {
  const before = text[index - 1] ?? '';
  const twoBefore = text[index - 2] ?? '';
  if (/[_$\u20ac\u00a3%\\]/.test(before)) return false;
  if (before === '+' || (candidate.startsWith('+') && /\d/.test(before))) return false;
  if (/[.-]/.test(before) && /\d/.test(twoBefore)) return false;
  // Digits in groups of spaces alone: "21 404 555 0123" may be anything.
  return !(before === ' ' && /\d/.test(twoBefore) && isSpacedOnly(candidate));
}

function isSpacedOnly(candidate: string): boolean {
  return /^\d[\d ]*$/.test(candidate) && candidate.includes(' ');
}

function readCandidate(text: string, index: number, candidate: string, country: CountryCode): PhoneFind | null {
  const context = lastLine(text.slice(Math.max(0, index - CONTEXT_CHARS), index));
  const end = index + candidate.length;
  if (!isMeantAsPhone(candidate, context) || isFax(context, text.slice(end, end + 12))) return null;
  const extension = readExtension(text, end);
  if (extension === undefined && isContinued(text, end, candidate)) return null;
  const parsed = parsePhoneNumberFromString(candidate, country);
  return parsed?.isValid() === true ? toFind(parsed.number, extension) : null;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

/** Whether form and context make these digits a phone number rather than an identifier. */
function isMeantAsPhone(candidate: string, context: string): boolean {
  const labelled = LABEL_BEFORE.test(context);
  const before = context.at(-1) ?? '';
  if (!labelled && /[A-Za-z#@]/.test(before)) return false;
  if (!labelled && before === '-' && context.length > 1 && context.at(-2) !== ' ') return false;
  if (labelled) return !DATE.test(candidate);
  if (IDENTIFIER_BEFORE.test(context) || DATE.test(candidate)) return false;
  if (candidate.startsWith('+') || isFormatted(candidate)) return true;
  return LOOSE_LABEL_BEFORE.test(context) && !IDENTIFIER_WORD.test(context) && !/^(?:19|20[0-4])\d/.test(candidate);
}

const DATE = /^(?:\d{1,2}([./-])\d{1,2}\1\d{4}|\d{4}([./-])\d{1,2}\2\d{1,2})(?!\d)/;
/** An area code in brackets, or a separator at both joints. */
const FORMATTED =
  /^\+?1?[ .-]{0,2}(?:\(? ?\d{3} ?\)[ ./-]{0,3}\d{3}[ .-]{0,3}\d{4}|\d{3}[ ./-]{1,3}\d{3}[ .-]{1,3}\d{4})$/;
/** Elsewhere than in North America: a trunk zero, and groups. */
const FORMATTED_ELSEWHERE = /^\(?0\d+[ ()/.-]/;

function isFormatted(candidate: string): boolean {
  return FORMATTED.test(candidate) || FORMATTED_ELSEWHERE.test(candidate);
}

/** "404-555-0123 (fax)", unless the word belongs to a number that follows it. */
const FAX_AFTER = /^ ?(?:[([]f(?:ax)?[)\]](?! ?[\d(+])|fax\.?(?:$|[,;\n]))/i;

function isFax(before: string, after: string): boolean {
  if (FAX_AFTER.test(after)) return true;
  return FAX_BEFORE.test(before) && !PLAIN_F_BEFORE.test(before) && !PHONE_OR_FAX_BEFORE.test(before);
}

const EXTENSION = /(?:;ext=|[ ,;]{0,2}\(?(?:ext(?:n|ension)?|x)[.:# ]{0,3}| ?# ?)(\d{1,7})(?![\d-])/iy;

function readExtension(text: string, end: number): string | undefined {
  EXTENSION.lastIndex = end;
  return EXTENSION.exec(text)?.[1];
}

/** Whether the digits or letters go on, so that the number is a part of something longer. */
function isContinued(text: string, end: number, candidate: string): boolean {
  const next = text[end] ?? '';
  const second = text[end + 1] ?? '';
  if (/[\dA-Za-z_@]/.test(next)) return !/^(?:x|ext)/i.test(text.slice(end, end + 3));
  if (/[.-]/.test(next) && /\d/.test(second)) return true;
  return next === ' ' && /\d/.test(second) && isSpacedOnly(candidate);
}

function toFind(e164: string, extension: string | undefined): PhoneFind {
  return extension === undefined || extension === '' ? { e164 } : { e164, extension };
}
