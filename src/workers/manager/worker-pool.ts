import type { ManagerMessage } from '../messages.ts';
import type { WorkerSlot } from './worker-slot.ts';

export interface WorkerPoolOptions {
  createSlot: (index: number) => WorkerSlot;
  /** Sessions per worker. */
  concurrency: number;
}

/** The workers of a manager: how many there are, and how much each of them takes. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  #slots: { index: number; slot: WorkerSlot }[] = [];
  /** Slots that were scaled away and whose workers finish what they run. */
  readonly #leaving = new Map<number, WorkerSlot>();
  #share = 1;
  #started = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Slots that shall have a worker. */
  get size(): number {
    return this.#slots.length;
  }

  /** All slots, those that are leaving included. */
  get slots(): WorkerSlot[] {
    return [...this.#slots.map(({ slot }) => slot), ...this.#leaving.values()];
  }

  start(): void {
    this.#started = true;
    for (const { slot } of this.#slots) slot.start();
  }

  /** Adds workers, or lets the idlest and newest of them leave when they have finished what they run, at the latest after the grace. */
  scaleTo(count: number, graceMs: number): void {
    while (this.#slots.length < count) this.#add();
    const leaving = chooseLeaving(
      this.#slots.map(({ index, slot }) => ({ index, activeSessions: slot.activeSessions })),
      this.#slots.length - count,
    );
    for (const index of leaving) this.#letGo(index, graceMs);
    this.#spreadIntake();
  }

  /** @param share Of the slots for sessions that are used, 0 to 1; running sessions are let be. */
  setIntake(share: number): void {
    this.#share = share;
    this.#spreadIntake();
  }

  /** Tells those workers that could take something that there may be something. */
  wake(): void {
    for (const slot of this.slots) if (slot.hasFreeSlots) slot.send({ type: 'wake' });
  }

  sendTo(workerId: string, message: ManagerMessage): void {
    for (const slot of this.slots) if (slot.registered?.workerId === workerId) slot.send(message);
  }

  #add(): void {
    const taken = new Set([...this.#slots.map(({ index }) => index), ...this.#leaving.keys()]);
    let index = 0;
    while (taken.has(index)) index += 1;
    const slot = this.#options.createSlot(index);
    this.#slots.push({ index, slot });
    if (this.#started) slot.start();
  }

  #letGo(index: number, graceMs: number): void {
    const found = this.#slots.find((candidate) => candidate.index === index);
    if (!found) return;
    this.#slots = this.#slots.filter((candidate) => candidate !== found);
    this.#leaving.set(index, found.slot);
    found.slot.stop(graceMs);
    void found.slot.ended.then(() => this.#leaving.delete(index));
  }

  #spreadIntake(): void {
    const limits = splitIntake(this.#slots.length, this.#options.concurrency, this.#share);
    for (const [position, { slot }] of this.#slots.entries()) slot.setIntake(limits[position] ?? 0);
  }
}

/** Those with the least to do first, of equals the newest. */
export function chooseLeaving(slots: readonly { index: number; activeSessions: number }[], count: number): number[] {
  return slots
    .toSorted((a, b) => a.activeSessions - b.activeSessions || b.index - a.index)
    .slice(0, Math.max(0, count))
    .map(({ index }) => index);
}

/** How many sessions each worker may run at once. Together it is the share of all slots, and at least one unless the share is 0. */
export function splitIntake(workers: number, concurrency: number, share: number): number[] {
  const slots = workers * concurrency;
  const total = share <= 0 ? 0 : Math.min(slots, Math.max(1, Math.floor(slots * share)));
  return Array.from({ length: workers }, (_, index) => Math.floor((total + workers - 1 - index) / workers));
}
