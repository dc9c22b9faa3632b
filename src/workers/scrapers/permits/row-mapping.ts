import type { Portal, PortalContact } from '#lib/portals/portal.ts';
import { cleanText } from '#lib/scrapers/clean-text.ts';
import type { Row } from './page-walk.ts';

/** A text of a row and the column or columns that it came from. */
export interface MappedText {
  text: string;
  rule: string;
}

/** A row in the words of the project, whatever the publisher calls its columns. */
export interface PermitRow {
  rowId: string;
  number: string | null;
  /** Null where the row has none or it cannot be read. */
  date: Date | null;
  description: MappedText | null;
  address: MappedText | null;
  city: MappedText | null;
  state: string;
  zip: MappedText | null;
  value: { amount: number; rule: string; raw: string } | null;
}

/** Maps one row. Null where the row lacks every id column. */
export function mapRow(row: Row, portal: Portal): PermitRow | null {
  const { fields } = portal;
  const ids = [fields.id].flat().map((column) => cellText(readCell(row, column)));
  if (ids.every((id) => id === '')) return null;
  const city = fields.city ? readText(row, fields.city, ' ') : null;
  return {
    rowId: ids.join('|'),
    number: fields.number ? cellText(readCell(row, fields.number)) || null : null,
    date: parsePermitDate(readCell(row, fields.date)),
    description: readText(row, fields.description, ' '),
    address: readText(row, fields.address, ' '),
    city: city ?? (portal.city ? { text: portal.city, rule: 'portal.city' } : null),
    state: portal.state,
    zip: fields.zip ? readText(row, fields.zip, ' ') : null,
    value: fields.value ? readAmount(row, fields.value) : null,
  };
}

/** The value of a column, also where the publisher changed its case. */
export function readCell(row: Row, column: string): unknown {
  if (Object.hasOwn(row, column)) return row[column];
  const lower = column.toLowerCase();
  const name = Object.keys(row).find((candidate) => candidate.toLowerCase() === lower);
  return name === undefined ? undefined : row[name];
}

/** The texts of the columns that hold something, joined, and which these were. */
export function readText(row: Row, columns: string | string[], separator: string): MappedText | null {
  const parts = [columns]
    .flat()
    .map((column) => ({ column, text: cellText(readCell(row, column)) }))
    .filter((part) => part.text !== '');
  if (parts.length === 0) return null;
  return { text: parts.map((part) => part.text).join(separator), rule: parts.map((part) => part.column).join(' + ') };
}

/** What publishers write where they have nothing. */
const NOTHING = /^(?:null|none|n\/?a|undefined|-+|\.+|<null>)$/i;

function cellText(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return '';
  const text = cleanText(value);
  return NOTHING.test(text) ? '' : text;
}

function readAmount(row: Row, column: string): PermitRow['value'] {
  const cell = readCell(row, column);
  const amount = parseAmount(cell);
  return amount === null ? null : { amount, rule: column, raw: String(cell) };
}

/** "$12,500.00", "12500", 12500 → 12500; null for nothing, zero and what is no amount. */
export function parseAmount(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value > 0 ? value : null;
  if (typeof value !== 'string') return null;
  const digits = value
    .trim()
    .replace(/^(?:USD|\$)\s*/i, '')
    .replace(/,(?=\d{3}(?:\D|$))/g, '');
  if (!/^\d+(?:\.\d+)?$/.test(digits)) return null;
  const amount = Number(digits);
  return amount > 0 ? amount : null;
}

/** Years that a permit may bear; anything else is a typing error or another unit. */
const YEAR_MIN = 1900;
const YEAR_MAX = 2200;

/**
 * Reads the forms seen in permit data: ISO with or without time and zone, epoch ms (seconds too), MM/DD/YYYY and
 * MM/DD/YY with or without time, YYYYMMDD. A time without zone is taken as UTC: only the day matters here.
 */
export function parsePermitDate(value: unknown): Date | null {
  if (typeof value === 'number') return fromEpoch(value);
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (/^-?\d{9,14}$/.test(text)) return fromEpoch(Number(text));
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)/.exec(text) ?? /^(\d{4})\/(\d{1,2})\/(\d{1,2})(?!\d)/.exec(text);
  if (iso) return fromZoned(text) ?? fromParts(iso[1], iso[2], iso[3]);
  const american = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?!\d)/.exec(text);
  if (american) return fromParts(longYear(american[3]), american[1], american[2]);
  const packed = /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  return packed ? fromParts(packed[1], packed[2], packed[3]) : null;
}

function fromEpoch(value: number): Date | null {
  if (!Number.isFinite(value) || value === 0) return null;
  if (Number.isInteger(value) && value >= 19_000_101 && value <= 22_001_231) return parsePermitDate(String(value));
  // Seconds since 1970 stay below 10^11 until the year 5138; milliseconds pass it in 1973.
  return plausible(new Date(Math.abs(value) < 100_000_000_000 ? value * 1000 : value));
}

function fromZoned(text: string): Date | null {
  return text.includes('T') && /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? plausible(new Date(text)) : null;
}

function fromParts(year = '', month = '', day = ''): Date | null {
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return at.getUTCMonth() === Number(month) - 1 && at.getUTCDate() === Number(day) ? plausible(at) : null;
}

function longYear(year = ''): string {
  if (year.length !== 2) return year;
  return String(Number(year) + (Number(year) < 70 ? 2000 : 1900));
}

function plausible(at: Date): Date | null {
  const year = at.getUTCFullYear();
  return year >= YEAR_MIN && year <= YEAR_MAX ? at : null;
}

/** The role of a contact: fixed by the mapping, or read from a column such as "CONTRACTOR-ELECTRICAL". */
export function readRole(row: Row, contact: PortalContact): string {
  if (typeof contact.role === 'string') return contact.role;
  const text = cellText(readCell(row, contact.role.field)).toLowerCase();
  if (text === '') return 'contact';
  if (/owner as|contract|^2$|builder|installer|permittee/.test(text)) return 'contractor';
  if (/owner|taxpayer/.test(text)) return 'owner';
  if (/applicant|agent|expedit/.test(text)) return 'applicant';
  return text.slice(0, 60);
}
