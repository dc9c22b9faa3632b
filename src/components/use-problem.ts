import { useState } from 'react';

interface AskedQuery {
  data: unknown;
  isPlaceholderData: boolean;
  error: Error | null;
  /** How often what is asked for now could not be had. */
  errorUpdateCount: number;
}

/**
 * Why there is nothing to show; null when there is something, or when nobody knows yet. A query forgets its error each time that it asks
 * again, every three seconds while the database is away: the problem stays until an answer comes, or screen readers would tell it anew
 * each time, and a skeleton would flash.
 */
export function useProblem({ data, isPlaceholderData, error, errorUpdateCount }: AskedQuery): Error | null {
  const [last, setLast] = useState<Error | null>(null);
  const isAnswered = data !== undefined && !isPlaceholderData;
  const problem = isAnswered ? null : (error ?? last);
  if (problem !== last) setLast(problem);
  return errorUpdateCount > 0 ? problem : null;
}
