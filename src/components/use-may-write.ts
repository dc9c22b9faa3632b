import { useAccount } from './api/queries.ts';

/** Whether whoever is signed in may change things. Only for what is shown: the server decides for itself. */
export function useMayWrite(): boolean {
  return useAccount().data?.role !== 'viewer';
}
