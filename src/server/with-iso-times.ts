import type { QueryRow } from '#lib/db/create-db.ts';

/** A row as the API sends it: the statement names the columns as the type does, and times become ISO 8601 texts. */
export function withIsoTimes<Shape>(row: QueryRow): Shape {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : value,
  ]);
  return Object.fromEntries(entries) as Shape;
}
