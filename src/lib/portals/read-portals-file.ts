import { readFile } from 'node:fs/promises';
import { InvalidInputError } from '../errors.ts';
import type { Portal } from './portal.ts';
import { portalInputSchema, toPortal } from './portal-input.ts';

/**
 * Reads EKO_PORTALS_FILE: a JSON array of what POST /api/portals takes.
 * @throws InvalidInputError that names the file, the entry and the field.
 */
export async function readPortalsFile(path: string): Promise<Portal[]> {
  const content = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new InvalidInputError(`EKO_PORTALS_FILE "${path}" cannot be read: ${cause.message}`, { cause });
  });
  return parsePortalsFile(content, path);
}

/** The pure half of `readPortalsFile`. */
export function parsePortalsFile(content: string, path: string): Portal[] {
  const entries = parseArray(content, path);
  const portals = entries.map((entry, index) => parseEntry(entry, index, path));
  const seen = new Set<string>();
  for (const portal of portals) {
    if (seen.has(portal.id)) {
      throw new InvalidInputError(
        `EKO_PORTALS_FILE "${path}" has two portals named "${portal.name}" in ${portal.state}`,
      );
    }
    seen.add(portal.id);
  }
  return portals;
}

function parseArray(content: string, path: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new InvalidInputError(`EKO_PORTALS_FILE "${path}" is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!Array.isArray(value))
    throw new InvalidInputError(`EKO_PORTALS_FILE "${path}" must hold a JSON array of portals`);
  return value;
}

function parseEntry(entry: unknown, index: number, path: string): Portal {
  const parsed = portalInputSchema.safeParse(entry);
  if (parsed.success) return toPortal(parsed.data, 'file');
  const problems = parsed.error.issues.map((issue) => `[${index}].${issue.path.join('.')}: ${issue.message}`);
  throw new InvalidInputError(`EKO_PORTALS_FILE "${path}": ${problems.join('; ')}`);
}
