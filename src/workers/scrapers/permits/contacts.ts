import { extractEmails, extractPhones } from '#lib/leads/extract-contacts.ts';
import type { Portal, PortalContact } from '#lib/portals/portal.ts';
import { isAgencyEmail, isOfficeContext } from './agency-contacts.ts';
import { isCompanyName, parseName, splitFirmAndPerson } from './contact-values.ts';
import type { Row } from './page-walk.ts';
import { type MappedText, readRole, readText } from './row-mapping.ts';

export type ContactField = 'name' | 'company' | 'email' | 'phone';

/** Somebody whom a row names, each field with the column or rule that it came from. */
export interface Contact {
  role: string;
  roleRule: string;
  fields: Partial<Record<ContactField, MappedText>>;
}

const CONTACTS_MAX = 20;

/** The distinct contacts of a row: those of its columns first, then those in its description. */
export function readContacts(row: Row, portal: Portal, description: MappedText | null): Contact[] {
  const fromColumns = portal.fields.contacts.flatMap((mapping, index) => readContact(row, mapping, index, portal));
  const merged = fromColumns.reduce<Contact[]>(addContact, []);
  if (description !== null) addDescription(merged, description, portal);
  return merged.slice(0, CONTACTS_MAX);
}

function readContact(row: Row, mapping: PortalContact, index: number, portal: Portal): Contact[] {
  const fields: Contact['fields'] = {};
  const rule = `fields.contacts[${index}]`;
  putName(fields, mapping.name ? readText(row, mapping.name, ' ') : null, `${rule}.name`);
  const company = mapping.company ? readText(row, mapping.company, ' ') : null;
  const companyName = parseName(company?.text);
  if (companyName !== null) fields.company = { text: companyName, rule: `${rule}.company` };
  const email = mapping.email ? readText(row, mapping.email, ' ') : null;
  const address = email === null ? undefined : extractEmails(email.text).find((one) => !isAgencyEmail(one, portal));
  if (address !== undefined) fields.email = { text: address, rule: `${rule}.email` };
  const phone = mapping.phone ? readText(row, mapping.phone, ' ') : null;
  const number = phone === null ? undefined : extractPhones(`tel: ${phone.text}`, { defaultCountry: 'US' })[0];
  if (number !== undefined) fields.phone = { text: withExtension(number), rule: `${rule}.phone` };
  if (Object.keys(fields).length === 0) return [];
  const roleRule = typeof mapping.role === 'string' ? `${rule}.role` : mapping.role.field;
  return [{ role: readRole(row, mapping), roleRule, fields }];
}

/** A "name" column holds persons and firms alike; each goes where it belongs. */
function putName(fields: Contact['fields'], mapped: MappedText | null, rule: string): void {
  const name = parseName(mapped?.text);
  if (name === null) return;
  const both = splitFirmAndPerson(name);
  if (both !== null) {
    fields.company = { text: both.company, rule };
    fields.name = { text: both.person, rule };
  } else if (isCompanyName(name)) {
    fields.company = { text: name, rule };
  } else {
    fields.name = { text: name, rule };
  }
}

const withExtension = (phone: { e164: string; extension?: string }): string =>
  phone.extension ? `${phone.e164} ext. ${phone.extension}` : phone.e164;

const IDENTITY: ContactField[] = ['email', 'phone', 'name', 'company'];

/** The same person in two columns (owner and applicant) is one contact, with what either column knows. */
function addContact(list: Contact[], contact: Contact): Contact[] {
  const twin = list.find((other) => isSameContact(other, contact));
  if (twin === undefined) return [...list, contact];
  twin.fields = { ...contact.fields, ...twin.fields };
  return list;
}

/** Same where nothing that both know differs, and they share an e-mail, a phone, or the names they bear. */
function isSameContact(a: Contact, b: Contact): boolean {
  const shared = IDENTITY.filter((field) => a.fields[field] && b.fields[field]);
  if (shared.length === 0) return false;
  return shared.every((field) => bare(a.fields[field]?.text) === bare(b.fields[field]?.text));
}

const bare = (text = ''): string => text.toLowerCase().replace(/[^\p{L}\p{N}@+]/gu, '');

/** What the description names belongs to the row's only contact where that lacks it, else to somebody of its own. */
function addDescription(contacts: Contact[], description: MappedText, portal: Portal): void {
  const emails = extractEmails(description.text).filter(
    (email) => !isAgencyEmail(email, portal) && !isOfficeContext(textBefore(description.text, email)),
  );
  const phones = extractPhones(description.text, { defaultCountry: 'US' })
    .filter((phone) => !isOfficeContext(textBeforePhone(description.text, phone.e164)))
    .map(withExtension);
  const known = (field: ContactField, text: string): boolean =>
    contacts.some((contact) => bare(contact.fields[field]?.text) === bare(text));
  const email = emails.find((one) => !known('email', one));
  const phone = phones.find((one) => !known('phone', one));
  if (email === undefined && phone === undefined) return;
  contacts.push({
    role: 'contact',
    roleRule: description.rule,
    fields: {
      ...(email === undefined ? {} : { email: { text: email, rule: description.rule } }),
      ...(phone === undefined ? {} : { phone: { text: phone, rule: description.rule } }),
    },
  });
}

function textBefore(text: string, part: string): string {
  const at = text.toLowerCase().indexOf(part.toLowerCase());
  return at < 0 ? '' : text.slice(0, at);
}

/** Phones come back in E.164; the last four digits lead back to where they stood. */
function textBeforePhone(text: string, e164: string): string {
  const digits = e164.slice(-10);
  const pattern = new RegExp(`${digits.slice(0, 3)}\\D{0,3}${digits.slice(3, 6)}\\D{0,3}${digits.slice(6)}`);
  const at = text.search(pattern);
  return at < 0 ? '' : text.slice(0, at);
}

/** What tells the contacts of one row apart: the steadiest thing known of them. */
export function contactKey(contact: Contact): string {
  const field = IDENTITY.find((candidate) => contact.fields[candidate]);
  return field === undefined ? '' : `${field}:${bare(contact.fields[field]?.text)}`;
}
