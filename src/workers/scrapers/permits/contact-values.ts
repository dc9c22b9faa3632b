/** Words that stand where a name should be. */
const NOT_A_NAME =
  /^(?:(?:home|property|land|building|the|same as)?\s*-?\s*owners?(?:\s*\/?\s*(?:builder|occupant|occupied))?|self|same(?: as (?:owner|applicant|above))?|tenants?|lessee|occupant|applicant|contractor|none|no contractor|not (?:applicable|available|provided|listed|known)|unknown|to be (?:bid|determined|announced)|tb[dab]|n\.?\/?a\.?|null|test|various|multiple|pending|withheld|redacted|confidential|private|pr|owner as (?:general )?contractor|by owner|do it yourself|diy|x+|-+|\.+)$/i;
const GUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;

/** Words that only firms and bodies bear. */
const COMPANY =
  /\b(?:l\.?l\.?c|l\.?l\.?p|l\.?p|inc|incorporated|corp|corporation|co|company|ltd|limited|p\.?c|pllc|plc|llc|dba|trust|trustees?|bank|assoc|association|hoa|church|city of|county of|state of|university|school|authority|department|partners|partnership|holdings?|properties|realty|investments?|enterprises?|group|services?|solutions?|systems?|construction|contract(?:ing|ors?)|builders?|building|homes|roofing|electric(?:al)?|plumbing|heating|mechanical|solar|energy|power|designs?|architects?|engineers?|engineering|development|developers?|remodel(?:ing|ers?)|renovations?|restoration|exteriors|concrete|pools?|fence|industries|international|associates|management|mgmt|ventures|capital|communities|apartments)\b\.?/i;

/** A name that may be kept; null for "OWNER", "SELF", "TENANT", numbers and ids in its place. */
export function parseName(text: string | null | undefined): string | null {
  const name = (text ?? '').trim().replace(/^[,;:\s-]+|[,;:\s-]+$/g, '');
  if (name.length < 2 || NOT_A_NAME.test(name) || GUID.test(name)) return null;
  return /\p{L}{2}/u.test(name) ? name : null;
}

/** True where a name is a firm's or a body's rather than a person's. */
export function isCompanyName(name: string): boolean {
  return COMPANY.test(name) || /&\s*sons?\b/i.test(name);
}

/** "SUNNY ROOFS, LLC - Pat Example" → the firm and the person; null where a name is only one of them. */
export function splitFirmAndPerson(name: string): { company: string; person: string } | null {
  const match = /^(.{3,}?)\s+-\s+(.{3,})$/.exec(name) ?? /^(.{3,}?)\s*\(([^()]{3,})\)$/.exec(name);
  const [left, right] = [parseName(match?.[1]), parseName(match?.[2])];
  if (left === null || right === null) return null;
  if (isCompanyName(left) && !isCompanyName(right)) return { company: left, person: right };
  return isCompanyName(right) && !isCompanyName(left) ? { company: right, person: left } : null;
}
