import { z } from 'zod';
import { parseInput } from './parse-input.ts';
import { refuseBadText } from './refuse-bad-text.ts';

/** Names that every list takes besides its filters. */
const PAGE_FIELDS = ['limit', 'cursor'];

/**
 * Checks the filters of a list. Empty ones count as absent, a repeated one as a comma list, and one that nobody knows is
 * refused, because a misspelt filter would otherwise show everything.
 * @throws ApiError 400 that names the field.
 */
export function parseQuery<Schema extends z.ZodType>(schema: Schema, query: URLSearchParams): z.output<Schema> {
  const input: Record<string, string> = Object.create(null);
  for (const [name, value] of query) {
    if (PAGE_FIELDS.includes(name) || value === '') continue;
    const earlier = input[name];
    input[name] = earlier === undefined ? value : `${earlier},${value}`;
  }
  refuseBadText(input);
  return parseInput(schema, { ...input });
}

/** A short text as people type it. */
export const queryText = (max = 200) => z.string().trim().min(1).max(max);

export const queryId = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, 'must be a positive whole number')
  .transform(Number)
  .refine(Number.isSafeInteger, 'must be a positive whole number');

export const queryFlag = z
  .enum(['true', 'false', '1', '0'], { error: 'must be true or false' })
  .transform((word) => word === 'true' || word === '1');

/** One word or a comma list of words out of `words`. */
export function queryWords<const Word extends string>(words: readonly Word[]) {
  const known = new Set<string>(words);
  const isWord = (text: string): text is Word => known.has(text);
  return z.string().transform((list, context): Word[] => {
    const given = [...new Set(list.split(',').map((word) => word.trim()))];
    const unknown = given.find((word) => !isWord(word));
    if (unknown === undefined) return given.filter(isWord);
    context.addIssue({ code: 'custom', message: `"${unknown.slice(0, 100)}" is not one of ${words.join(', ')}` });
    return z.NEVER;
  });
}
