import { createLoader, parseAsString, parseAsStringLiteral } from 'nuqs/server';
import { SESSION_STATUSES } from '#lib/db/schema/vocabulary.ts';

/** The filters of the sessions table as the URL holds them; for the server and the browser alike. */
export const SESSION_FILTER_PARSERS = {
  status: parseAsStringLiteral(SESSION_STATUSES).withOptions({ history: 'push' }),
  source: parseAsString,
  location: parseAsString,
  batchId: parseAsString,
};

export const loadSessionFilters = createLoader(SESSION_FILTER_PARSERS);
