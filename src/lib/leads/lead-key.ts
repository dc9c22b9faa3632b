import { createHash } from 'node:crypto';

export interface LeadIdentity {
  source: string;
  portal: string;
  sourceRowId: string;
  contactKey: string;
}

/**
 * The identity of a lead as 32 bytes: the SHA-256 of source, portal, the publisher's own row id and what tells the
 * contacts of one row apart. The length before each part keeps ("ab", "c") and ("a", "bc") different.
 */
export function leadKey(identity: LeadIdentity): Buffer {
  const hash = createHash('sha256');
  for (const part of [identity.source, identity.portal, identity.sourceRowId, identity.contactKey]) {
    const bytes = Buffer.from(part, 'utf8');
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest();
}
