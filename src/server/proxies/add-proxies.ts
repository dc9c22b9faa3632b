import { z } from 'zod';
import type { ApiProxyImport } from '#lib/api/proxy.ts';
import { InvalidInputError } from '#lib/errors.ts';
import { ApiError, fieldError } from '../api-error.ts';
import { parseInput } from '../parse-input.ts';
import { announcePool, openPool, type PoolContext } from './open-pool.ts';

const tier = z
  .number('must be a whole number from 0 to 100')
  .int('must be a whole number from 0 to 100')
  .min(0, 'must be at least 0')
  .max(100, 'must be at most 100')
  .optional();

const proxyInputSchema = z.strictObject({
  url: z
    .string('must be a text such as "http://user:password@host:8080"')
    .min(1, 'must not be empty')
    .max(2_000)
    .optional(),
  /** One a line. */
  list: z.string('must be a text with one proxy a line').min(1, 'must not be empty').optional(),
  tier,
});

/**
 * Adds one proxy or a list of them; those that are known already get the new password and tier, if any.
 * @throws ApiError 400 naming the field; lines of a list that cannot be used are told in the answer instead.
 */
export async function addProxies(context: PoolContext, input: unknown): Promise<ApiProxyImport> {
  const { url, list, tier } = parseInput(proxyInputSchema, input);
  if ((url === undefined) === (list === undefined)) {
    throw fieldError('invalid_request', 'url', 'send either "url" with one proxy or "list" with one a line');
  }
  const pool = openPool(context);
  const result = list === undefined ? await addOne(context, url ?? '', tier) : await pool.addList(list, tier);
  if (result.added + result.known > 0) announcePool(context);
  return result;
}

async function addOne(context: PoolContext, url: string, tier: number | undefined): Promise<ApiProxyImport> {
  try {
    const { isNew } = await openPool(context).add(url, tier);
    return { added: isNew ? 1 : 0, known: isNew ? 0 : 1, problems: [] };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new ApiError('invalid_request', `url: ${error.message}`, {
      details: [{ field: 'url', message: error.message }],
      cause: error,
    });
  }
}
