/** The columns of ApiLead, named as there. */
export const LEAD_COLUMNS = `l.id, l.source, l.portal, l.session_id as "sessionId", l.batch_id as "batchId", l.location, l.role,
  l.name, l.company, l.email, l.phone, l.phone_extension as "phoneExtension", l.request, l.address, l.city, l.state, l.zip,
  l.value, l.signal, l.source_url as "sourceUrl", l.source_row_id as "sourceRowId", l.first_seen_at as "firstSeenAt",
  l.last_seen_at as "lastSeenAt", l.seen_count as "seenCount", l.demo, l.provenance`;
