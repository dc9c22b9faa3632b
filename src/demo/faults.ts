import { z } from 'zod';

/** A trouble that the next requests of a publisher meet, for seeing how the system takes it. */
export const faultSchema = z.strictObject({
  /** A publisher's slug, or "*" for all. */
  publisher: z.string().default('*'),
  kind: z.enum(['slow', 'throttle', 'error', 'error-in-body', 'layout-change', 'drop']),
  /** How many data requests it meets. */
  requests: z.number().int().min(1).max(100_000).default(1),
  retryAfterSeconds: z.number().int().min(0).max(86_400).default(2),
  delayMs: z.number().int().min(0).max(600_000).default(5_000),
});

export type Fault = z.output<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;

/** The faults that are still to come, in the order they were asked for. */
export class FaultPlan {
  #faults: Fault[] = [];

  add(input: FaultInput): void {
    this.#faults.push(faultSchema.parse(input));
  }

  clear(): void {
    this.#faults = [];
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** The fault that this request meets; it is used up by one. */
  take(publisher: string): Fault | null {
    const fault = this.#faults.find((candidate) => candidate.publisher === '*' || candidate.publisher === publisher);
    if (!fault) return null;
    fault.requests -= 1;
    if (fault.requests === 0) this.#faults = this.#faults.filter((candidate) => candidate !== fault);
    return fault;
  }
}
