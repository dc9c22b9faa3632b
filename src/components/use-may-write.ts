import { useAccount } from './api/queries.ts';

/** Whether whoever is signed in may change things. Only for what is shown: the server decides for itself. */
export function useMayWrite(): boolean {
  return useAccount().data?.role !== 'viewer';
}

/** The same for what only admins may do, such as adding what costs money. */
export function useMayAdminister(): boolean {
  const role = useAccount().data?.role;
  return role === undefined || role === 'admin';
}
