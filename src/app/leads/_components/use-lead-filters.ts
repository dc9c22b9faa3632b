import { parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { SIGNALS } from '#lib/db/schema/vocabulary.ts';

const PARSERS = {
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

/** The filters of the leads table; they live in the URL and are named as the API names them. */
export function useLeadFilters() {
  const [filters, setFilters] = useQueryStates(PARSERS);
  const isFiltered = Object.values(filters).some((value) => value !== null);
  return { filters, setFilters, clear: () => setFilters(null), isFiltered };
}

export type LeadFilters = ReturnType<typeof useLeadFilters>['filters'];
