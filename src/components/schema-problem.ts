import type { ApiHealth } from '#lib/api/answer.ts';

export interface SchemaProblem {
  title: string;
  /** What people can do about it. */
  advice: string;
}

/** What to say when the database and this program do not go together; null when they do, or when nobody knows. */
export function schemaProblem(schema: ApiHealth['schema'] | undefined): SchemaProblem | null {
  if (schema === 'behind') {
    return { title: 'The database is older than this program', advice: 'Run "npm run migrate".' };
  }
  if (schema === 'ahead') {
    return { title: 'The database is newer than this program', advice: 'Start a newer version of the dashboard.' };
  }
  return null;
}
