import type { Portal } from '#lib/portals/portal.ts';
import { PUBLISHERS, type Publisher } from './publishers.ts';

/** The demo server is ours and expects to be asked often; real hosts get the source's own gap. */
const DEMO_GAP_MS = 250;

/** The registry entries of the demo publishers, for a server at `origin` such as "http://127.0.0.1:4010". */
export function demoPortals(origin: string): Portal[] {
  return PUBLISHERS.map((publisher) => ({
    id: `demo-${publisher.slug}`,
    source: 'permits',
    kind: publisher.kind,
    name: `Demo: ${publisher.name}`,
    state: publisher.state,
    county: publisher.county,
    city: publisher.kind === 'socrata' ? publisher.city : null,
    url: `${origin}${dataPath(publisher)}`,
    fields: publisher.fields,
    signal: null,
    rateLimitMs: DEMO_GAP_MS,
    origin: 'demo',
    enabled: true,
    note: 'Generated people and permits of the bundled demo server; none of them exists.',
  }));
}

/** Where a publisher's data lies, in the usual shape of its dialect. */
function dataPath(publisher: Publisher): string {
  switch (publisher.kind) {
    case 'arcgis':
      return `/arcgis/rest/services/${publisher.slug}/Permits/FeatureServer/0`;
    case 'socrata':
      return `/resource/${publisher.slug}.json`;
    case 'ckan':
      return `/api/3/action/datastore_search?resource_id=${publisher.slug}`;
  }
}
