import type { NodeWish } from './node-store.ts';

/** Why a machine claims nothing although it could: people want it so. */
export interface Standstill {
  /** A few words, such as "paused by people". */
  why: string;
  /** One sentence. */
  message: string;
  /** The command that ends it. */
  resume: string;
}

/** What stands still by order of people; null where work goes on. Whoever resumes a machine that is scaled to 0 too has to scale it as well. */
export function standstillOf({ mode, desiredWorkers }: NodeWish, nodeId: string): Standstill | null {
  const resume = `npx eko nodes resume ${nodeId}`;
  if (mode === 'paused') {
    const message = 'Paused by people: nothing new is claimed, and what runs goes on';
    return { why: 'paused by people', message, resume };
  }
  if (mode === 'draining') {
    const message = 'Drained by people: the workers finish what they run and leave';
    return { why: 'drained by people', message, resume };
  }
  if (desiredWorkers !== 0) return null;
  const message = 'Scaled to 0 by people: the workers finish what they run and leave';
  return { why: 'scaled to 0 by people', message, resume: `npx eko nodes scale ${nodeId} default` };
}
