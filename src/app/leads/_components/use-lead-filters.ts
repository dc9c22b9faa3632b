import { useQueryStates } from 'nuqs';
import { LEAD_FILTER_PARSERS } from './lead-filter-parsers.ts';

/** The filters of the leads table; they live in the URL, so that Back and a sent link work. */
export function useLeadFilters() {
  const [filters, setFilters] = useQueryStates(LEAD_FILTER_PARSERS);
  const isFiltered = Object.values(filters).some((value) => value !== null);
  return { filters, setFilters, clear: () => setFilters(null), isFiltered };
}
