import { shellWord } from '#lib/shell-word.ts';
import { INTAKE_SHARE, type NodeHealth } from './node-health.ts';
import type { NodeWish } from './node-store.ts';

/** Why a machine claims nothing. */
export interface Standstill {
  /** A few words, such as "paused by people". */
  why: string;
  /** One sentence. */
  message: string;
  /** What ends it: a command, after where to give it if not here, or what must become of the machine. */
  resume: string;
}

/**
 * What stands still by order of people; null where work goes on. Whoever resumes a machine that is scaled to 0 too has to scale it as well.
 * @param overHttp whether it has no database, which the commands need.
 */
export function standstillOf({ mode, desiredWorkers }: NodeWish, nodeId: string, overHttp = false): Standstill | null {
  const place = overHttp ? 'on /workers, or where the database is: ' : '';
  const resume = `${place}npx eko nodes resume ${shellWord(nodeId)}`;
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
  return { why: 'scaled to 0 by people', message, resume: `${place}npx eko nodes scale ${shellWord(nodeId)} default` };
}

/** What stands still because the machine cannot take work; null where it can. */
export function standstillOfHealth({ status, reasons }: Pick<NodeHealth, 'status' | 'reasons'>): Standstill | null {
  if (INTAKE_SHARE[status] > 0) return null;
  const message = `This machine is ${status}: nothing new is claimed, and what runs goes on`;
  return { why: status, message, resume: reasons.join('; ') };
}
