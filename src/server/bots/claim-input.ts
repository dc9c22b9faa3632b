import { z } from 'zod';

/** Of a body with leads: a thousand of them, each with all its fields. */
export const LEADS_BYTES_MAX = 4 * 1024 * 1024;

const CLAIM_NUMBER_MAX = 2_147_483_647;

export const sessionIdSchema = z
  .number('must be the id of a session')
  .int('must be the id of a session')
  .min(1, 'must be the id of a session')
  .max(Number.MAX_SAFE_INTEGER);

export const claimNumberSchema = z
  .number('must be the claimNumber that the claim gave')
  .int('must be the claimNumber that the claim gave')
  .min(1, 'must be the claimNumber that the claim gave')
  .max(CLAIM_NUMBER_MAX, 'must be the claimNumber that the claim gave');

const count = z.number('must be a whole number').int('must be a whole number').min(0);

/** What an attempt cost, as far as the bot counts it. */
export const statsSchema = z
  .strictObject({
    requestsMade: count.max(2_147_483_647).default(0),
    requestsFailed: count.max(2_147_483_647).default(0),
    bytesReceived: count.max(Number.MAX_SAFE_INTEGER).default(0),
  })
  .optional();

/** What every call about a claim carries. */
export const claimFields = {
  claimNumber: claimNumberSchema,
  /** Not needed, since the claim says who holds it; checked when given. */
  botId: z.string('must be a botId').min(1).max(200).optional(),
};
