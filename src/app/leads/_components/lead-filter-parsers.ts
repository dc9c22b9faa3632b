import { createLoader, parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral } from 'nuqs/server';
import { SIGNALS } from '#lib/db/schema/vocabulary.ts';

/** The filters of the leads table as the URL holds them, named as the API names them; for the server and the browser alike. */
export const LEAD_FILTER_PARSERS = {
  text: parseAsString,
  source: parseAsString,
  location: parseAsString,
  signal: parseAsStringLiteral(SIGNALS),
  role: parseAsString,
  state: parseAsString,
  hasPhone: parseAsBoolean,
  hasEmail: parseAsBoolean,
  sessionId: parseAsInteger,
  batchId: parseAsString,
};

export const loadLeadFilters = createLoader(LEAD_FILTER_PARSERS);
