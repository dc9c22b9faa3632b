import type { Claim } from '../queue/job-queue.ts';

/** Tells claims apart: a worker may hold a session again while its own dropped run of it still ends. */
export const claimKey = ({ id, claimNumber }: Claim): string => `${id}/${claimNumber}`;
