import { setTimeout as wait } from 'node:timers/promises';
import { SettingsError } from './env.ts';
import { DatabaseUnavailableError } from './errors.ts';
import { createRandom } from './random.ts';

/** The moments at which a process may be made to fail, in the order of a session's way. */
export const FAULT_POINTS = [
  /** Sessions are claimed and nobody runs them yet. */
  'after_claim',
  /** The leads of a page are written, the session's row is not. */
  'mid_checkpoint',
  /** All of a checkpoint is written, and nothing is committed. */
  'before_commit',
  /** A checkpoint or an end of an attempt is committed, and nobody has been told. */
  'after_commit',
  /** The leases are renewed, and the manager does not know it. */
  'mid_heartbeat',
  /** A worker is marked as gone, and still holds its sessions. */
  'before_release',
  /** Sessions are made, and whoever made them does not know it. */
  'after_enqueue',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/**
 * What happens: `throw` an error like that of a connection that broke; `hang` for some ms, at most a minute; `exit` with a code;
 * `kill` the process by SIGKILL.
 */
const FAULT_ACTIONS = ['throw', 'hang', 'exit', 'kill'] as const;

interface Fault {
  action: (typeof FAULT_ACTIONS)[number];
  /** ms of a hang, or the code of an exit. */
  amount: number;
  /** Probability from 0 to 1. */
  chance: number;
}

export interface FaultPlan {
  faults: ReadonlyMap<FaultPoint, Fault>;
  seed: number;
}

const HANG_MAX_MS = 60_000;
const DEFAULT_AMOUNT = { throw: 0, hang: 1_000, exit: 70, kill: 0 };

/**
 * Reads a plan such as "after_claim=kill@0.05,before_commit=throw,mid_heartbeat=hang:2000@0.1;seed=7". Without a chance a fault
 * always happens.
 * @throws SettingsError that names what cannot be read, and what could stand there.
 */
export function parseFaultPlan(text: string): FaultPlan {
  const [points = '', ...rest] = text.split(';');
  const entries = points.split(',').map((entry) => entry.trim());
  const faults = new Map(entries.filter(Boolean).map(parseFault));
  let seed = 0;
  for (const option of rest.filter((part) => part.trim() !== '')) {
    const digits = /^\s*seed=(\d{1,10})\s*$/.exec(option)?.[1];
    if (digits === undefined) throw refuse(`has "${option}" after its points; only seed=NUMBER can stand there`);
    seed = Number(digits);
  }
  return { faults, seed };
}

const FAULT = /^(?<point>\w+)=(?<action>\w+)(?::(?<amount>\d{1,6}))?(?:@(?<chance>\d{1,3}(?:\.\d{1,6})?|\.\d{1,6}))?$/;

function parseFault(entry: string): [FaultPoint, Fault] {
  const found = FAULT.exec(entry)?.groups;
  if (!found) throw refuse(`has "${entry}"; it must be POINT=ACTION, POINT=ACTION:AMOUNT or POINT=ACTION@CHANCE`);
  const point = FAULT_POINTS.find((known) => known === found.point);
  if (!point) throw refuse(`names the point "${found.point}"; known are ${FAULT_POINTS.join(', ')}`);
  const action = FAULT_ACTIONS.find((known) => known === found.action);
  if (!action) throw refuse(`names the action "${found.action}"; known are ${FAULT_ACTIONS.join(', ')}`);
  const chance = Number(found.chance ?? 1);
  if (chance > 1) throw refuse(`gives "${point}" the chance ${chance}; it must be from 0 to 1`);
  const amount = Number(found.amount ?? DEFAULT_AMOUNT[action]);
  const most = action === 'hang' ? HANG_MAX_MS : 255;
  if (amount > most) throw refuse(`gives "${point}" the amount ${amount}; ${action} takes at most ${most}`);
  return [point, { action, amount, chance }];
}

const refuse = (what: string) => new SettingsError(`EKO_INTERNAL_FAULTS ${what}.`);

interface ArmedPlan extends FaultPlan {
  random: () => number;
  /** Ends the process. */
  end: (fault: Fault) => void;
}

/** Null but in tests that break things on purpose. */
let armed: ArmedPlan | null = null;

/**
 * Switches fault points on in this process, for composition roots. Each process draws its own numbers, from the seed and its pid:
 * else a worker that is killed at its first claim would be followed for ever by one that is killed at its first claim.
 * @param text the plan; without one all points are off.
 */
export function armFaultPoints(text: string | undefined, pid = process.pid, end = endProcess): void {
  if (!text) {
    armed = null;
    return;
  }
  const plan = parseFaultPlan(text);
  armed = { ...plan, random: createRandom(plan.seed ^ Math.imul(pid, 0x9e37_79b1)), end };
}

/**
 * A place where this process may be made to fail. It costs one comparison while the points are off. Wait for what it returns: a hang
 * takes its time.
 * @throws DatabaseUnavailableError when the plan says so.
 */
export function faultPoint(point: FaultPoint): Promise<void> | undefined {
  return armed === null ? undefined : strike(armed, point);
}

async function strike({ faults, random, end }: ArmedPlan, point: FaultPoint): Promise<void> {
  const fault = faults.get(point);
  if (!fault || random() >= fault.chance) return;
  if (fault.action === 'throw') throw new DatabaseUnavailableError(`The connection broke on purpose at "${point}"`);
  if (fault.action === 'hang') await wait(fault.amount);
  else end(fault);
}

function endProcess({ action, amount }: Fault): void {
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  else process.exit(amount);
}
