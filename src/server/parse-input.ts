import type { z } from 'zod';
import { ApiError, type ApiErrorCode } from './api-error.ts';

const DETAILS_MAX = 20;

/**
 * Checks input against a schema.
 * @param prefix Put before every field's path, such as "params".
 * @throws ApiError whose message and details name every wrong field.
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  options: { code?: ApiErrorCode; prefix?: string } = {},
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.flatMap((issue) => toDetails(issue, options.prefix)).slice(0, DETAILS_MAX);
  const message = details.map(({ field, message: problem }) => `${field}: ${problem}`).join('; ');
  throw new ApiError(options.code ?? 'invalid_request', message.slice(0, 2000), { details });
}

function toDetails(issue: z.core.$ZodIssue, prefix: string | undefined): { field: string; message: string }[] {
  const path = [...(prefix ? [prefix] : []), ...issue.path.map(String)];
  // A field that nobody knows is reported at its parent; name the field itself.
  const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
  const message = issue.code === 'unrecognized_keys' ? 'is not a known field' : issue.message;
  return paths.map((parts) => ({ field: parts.join('.').slice(0, 200) || 'body', message: message.slice(0, 300) }));
}
