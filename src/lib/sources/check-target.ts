import type { Executor } from '../db/create-db.ts';
import type { ScheduleTarget } from '../db/schema/schedules.ts';
import { listEnabledPortals } from '../portals/list-enabled-portals.ts';
import type { Portal } from '../portals/portal.ts';
import { isSourceName } from '../scraper-config.ts';
import { describeUnknownSource, listKnownSources } from './known-sources.ts';
import { SOURCE_RULES, type SourceRules } from './source-rules.ts';

export interface TargetProblem {
  code: 'unknown_source' | 'unknown_location' | 'invalid_params';
  /** The part of the target that it is about, such as "params.signal". */
  field: string;
  /** What is wrong, the value, and what would work. */
  message: string;
}

/**
 * Checks what shall be scraped before a session of it is made. Portals are read once per source, and what bots know once, so
 * one checker is for one moment.
 */
export function createTargetChecker(db: Executor): (target: ScheduleTarget) => Promise<TargetProblem | null> {
  const portals = new Map<string, Promise<Portal[]>>();
  const portalsOf = (source: string): Promise<Portal[]> => {
    const known = portals.get(source) ?? listEnabledPortals(db, source);
    portals.set(source, known);
    return known;
  };
  let allKnown: Promise<string[]> | null = null;
  return async ({ source, location, params = {} }) => {
    if (!isSourceName(source)) {
      allKnown ??= listKnownSources(db);
      const known = await allKnown;
      // Of what only bots know, nothing more can be said here.
      if (known.includes(source)) return null;
      return { code: 'unknown_source', field: 'source', message: describeUnknownSource(source, known) };
    }
    const rules = SOURCE_RULES[source];
    const wrong = findParamsProblem(rules.params, params);
    if (wrong !== null) return wrong;
    const problem = rules.findPlaceProblem(location, await portalsOf(source));
    return problem === null ? null : { code: 'unknown_location', field: 'location', message: problem };
  };
}

function findParamsProblem(schema: SourceRules['params'], params: Record<string, unknown>): TargetProblem | null {
  const [issue] = schema.safeParse(params).error?.issues ?? [];
  if (!issue) return null;
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = ['params', ...issue.path, ...unknown].join('.');
  return { code: 'invalid_params', field, message: unknown.length > 0 ? 'is not a known field' : issue.message };
}
