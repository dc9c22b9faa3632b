import { ApiError } from './api/api-client.ts';

/**
 * Puts each message of the API next to its field; what has no field comes back as one text, so that nothing is refused in silence.
 * @param fieldOf the form's name of a field of the API; undefined when the form does not show it.
 */
export function placeErrors<Field extends string>(
  error: Error,
  fieldOf: (apiField: string) => Field | undefined,
): { fields: Partial<Record<Field, string>>; rest: string | null } {
  const fields: Partial<Record<Field, string>> = {};
  const rest: string[] = [];
  for (const [name, message] of Object.entries(error instanceof ApiError ? error.fields : {})) {
    const field = fieldOf(name);
    if (field === undefined) rest.push(message);
    else fields[field] ??= message;
  }
  if (Object.keys(fields).length === 0 && rest.length === 0) rest.push(error.message);
  return { fields, rest: rest.length === 0 ? null : rest.join(' ') };
}
