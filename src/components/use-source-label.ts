import { useSources } from './api/queries.ts';

/** @returns a function that gives a source's label, or its name as long as the label is not known. */
export function useSourceLabel(): (source: string) => string {
  const sources = useSources().data?.items ?? [];
  return (source) => sources.find((candidate) => candidate.source === source)?.label ?? source;
}
