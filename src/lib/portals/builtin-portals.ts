import { ARCGIS_CKAN_PORTALS } from './builtin/arcgis-ckan.ts';
import { GEORGIA_PORTALS } from './builtin/georgia.ts';
import { SOCRATA_CENTRAL_PORTALS } from './builtin/socrata-central.ts';
import { SOCRATA_EAST_PORTALS } from './builtin/socrata-east.ts';
import { SOCRATA_WEST_PORTALS } from './builtin/socrata-west.ts';
import type { Portal } from './portal.ts';

/** The portals that come with the code: publishers whose address and column names were seen in use. Georgia first. */
export const BUILTIN_PORTALS: readonly Portal[] = [
  ...GEORGIA_PORTALS,
  ...SOCRATA_CENTRAL_PORTALS,
  ...SOCRATA_EAST_PORTALS,
  ...SOCRATA_WEST_PORTALS,
  ...ARCGIS_CKAN_PORTALS,
];
