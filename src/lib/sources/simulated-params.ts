import { z } from 'zod';
import { wholeNumber } from '../whole-number.ts';

const rateMessage = 'must be a number from 0 to 1, such as 0.15 for 15 %';

/** The `params` of a simulated session. */
export const simulatedParamsSchema = z.strictObject({
  /** How long an attempt that goes well takes. */
  durationMs: wholeNumber(0, 300_000).default(10_000),
  /** How likely each attempt is to fail, at some point on its way. */
  failureRate: z.number(rateMessage).min(0, rateMessage).max(1, rateMessage).default(0.15),
  /** How many made-up people are saved as leads. */
  leads: wholeNumber(0, 1_000).default(5),
  /** The same seed and place give the same people and the same failures; drawn anew for each session unless given. */
  seed: wholeNumber(0, 2 ** 32 - 1).optional(),
});

export type SimulatedParams = z.output<typeof simulatedParamsSchema>;
