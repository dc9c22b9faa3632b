import type { z } from 'zod';
import { permitParamsSchema } from '../portals/permit-params.ts';
import type { Portal } from '../portals/portal.ts';
import { resolveLocation } from '../portals/resolve-location.ts';
import type { SourceName } from '../scraper-config.ts';
import { simulatedParamsSchema } from './simulated-params.ts';

/** What of a source can be checked before a session of it is made. */
export interface SourceRules {
  params: z.ZodType;
  /**
   * What is wrong with a place, and what would work; null for one that is covered.
   * @param portals The enabled portals of the source.
   */
  findPlaceProblem: (location: string, portals: readonly Portal[]) => string | null;
}

export const SOURCE_RULES: Record<SourceName, SourceRules> = {
  permits: {
    params: permitParamsSchema,
    findPlaceProblem(location, portals) {
      const resolution = resolveLocation(location, portals);
      return resolution.unknown ? `"${location}" is not a place that is covered. ${resolution.known}` : null;
    },
  },
  // Nothing is asked anywhere, so every name of a place will do.
  simulated: { params: simulatedParamsSchema, findPlaceProblem: () => null },
};
