import { useQueryStates } from 'nuqs';
import { SESSION_FILTER_PARSERS } from './session-filter-parsers.ts';

/** The filters of the sessions table; they live in the URL, so that Back and a sent link work. */
export function useSessionFilters() {
  const [filters, setFilters] = useQueryStates(SESSION_FILTER_PARSERS);
  const isFiltered = Object.values(filters).some((value) => value !== null);
  return { filters, setFilters, clear: () => setFilters(null), isFiltered };
}
