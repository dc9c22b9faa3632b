import { trimEndOf } from '#lib/trim-end-of.ts';

/** Words that stand where a name should be, in a text with single spaces. */
const NOT_A_NAME =
  /^(?:(?:home|property|land|building|the|same as)? ?-? ?owners?(?: ?\/? ?(?:builder|occupant|occupied))?|self|same(?: as (?:owner|applicant|above))?|tenants?|lessee|occupant|applicant|contractor|none|no contractor|not (?:applicable|available|provided|listed|known)|unknown|to be (?:bid|determined|announced)|tb[dab]|n\.?\/?a\.?|null|test|various|multiple|pending|withheld|redacted|confidential|private|pr|owner as (?:general )?contractor|by owner|do it yourself|diy)$/i;
/** "xxx", "---", "..." */
const FILLER = /^(?:x+|-+|\.+)$/i;
const GUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;

/** Words that only firms and bodies bear. */
const COMPANY =
  /\b(?:l\.?l\.?c|l\.?l\.?p|l\.?p|inc|incorporated|corp|corporation|co|company|ltd|limited|p\.?c|pllc|plc|llc|dba|trust|trustees?|bank|assoc|association|hoa|church|city of|county of|state of|university|school|authority|department|partners|partnership|holdings?|properties|realty|investments?|enterprises?|group|services?|solutions?|systems?|construction|contract(?:ing|ors?)|builders?|building|homes|roofing|electric(?:al)?|plumbing|heating|mechanical|solar|energy|power|designs?|architects?|engineers?|engineering|development|developers?|remodel(?:ing|ers?)|renovations?|restoration|exteriors|concrete|pools?|fence|industries|international|associates|management|mgmt|ventures|capital|communities|apartments)\b\.?/i;

/** A name that may be kept; null for "OWNER", "SELF", "TENANT", numbers and ids in its place. */
export function parseName(text: string | null | undefined): string | null {
  const name = trimEndOf((text ?? '').replace(/\s+/g, ' ').replace(/^[,;: -]+/, ''), ',;: -');
  if (name.length < 2 || NOT_A_NAME.test(name) || FILLER.test(name) || GUID.test(name)) return null;
  return /\p{L}{2}/u.test(name) ? name : null;
}

/** True where a name is a firm's or a body's rather than a person's. */
export function isCompanyName(name: string): boolean {
  return COMPANY.test(name) || /&\s*sons?\b/i.test(name);
}

/** "SUNNY ROOFS, LLC - Pat Example" → the firm and the person; null where a name is only one of them. */
export function splitFirmAndPerson(name: string): { company: string; person: string } | null {
  const [left, right] = (atDash(name) ?? inBrackets(name) ?? []).map((part) => parseName(part));
  if (!left || !right) return null;
  if (isCompanyName(left) && !isCompanyName(right)) return { company: left, person: right };
  return isCompanyName(right) && !isCompanyName(left) ? { company: right, person: left } : null;
}

/** A part of a name is not shorter: "J - R" is one name. */
const PART_MIN = 3;

function atDash(name: string): [string, string] | null {
  const dash = name.indexOf(' - ', PART_MIN);
  return bothParts(name.slice(0, Math.max(0, dash)), name.slice(dash + 3));
}

function inBrackets(name: string): [string, string] | null {
  const open = name.lastIndexOf('(');
  const inner = name.slice(open + 1, -1);
  return name.endsWith(')') && !inner.includes(')') ? bothParts(name.slice(0, Math.max(0, open)), inner) : null;
}

function bothParts(left: string, right: string): [string, string] | null {
  return left.length >= PART_MIN && right.length >= PART_MIN ? [left, right] : null;
}
