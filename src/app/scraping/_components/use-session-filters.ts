import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { SESSION_STATUSES } from '#lib/db/schema/vocabulary.ts';

const PARSERS = {
  status: parseAsStringLiteral(SESSION_STATUSES).withOptions({ history: 'push' }),
  source: parseAsString,
  location: parseAsString,
  batchId: parseAsString,
};

/** The filters of the sessions table; they live in the URL, so that Back and a sent link work. */
export function useSessionFilters() {
  const [filters, setFilters] = useQueryStates(PARSERS);
  const isFiltered = Object.values(filters).some((value) => value !== null);
  return { filters, setFilters, clear: () => setFilters(null), isFiltered };
}
