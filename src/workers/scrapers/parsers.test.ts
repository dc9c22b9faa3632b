import { globSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { PageParser } from '#lib/scrapers/page-parser.ts';
import { PARSERS } from './parsers.ts';

it('lists every parser of this folder, each under a name of its own', async () => {
  const files = globSync('**/*.parser.ts', { cwd: import.meta.dirname });
  const exported: string[] = [];
  for (const file of files) {
    const module = (await import(path.join(import.meta.dirname, file))) as Record<string, unknown>;
    exported.push(
      ...Object.values(module)
        .filter(isParser)
        .map(({ name }) => name),
    );
  }
  expect(PARSERS.map(({ name }) => name).sort()).toEqual(exported.sort());
  expect(new Set(exported).size).toBe(exported.length);
});

function isParser(value: unknown): value is PageParser<unknown, never> {
  return typeof value === 'object' && value !== null && 'name' in value && 'parse' in value;
}
