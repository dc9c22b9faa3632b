import { assertNever } from '#lib/invariant.ts';
import { ArcgisDialect } from './arcgis.ts';
import { CkanDialect } from './ckan.ts';
import type { Dialect, ReadRequest } from './dialect.ts';
import { SocrataDialect } from './socrata.ts';

export function createDialect(request: ReadRequest): Dialect {
  switch (request.portal.kind) {
    case 'socrata':
      return new SocrataDialect(request);
    case 'arcgis':
      return new ArcgisDialect(request);
    case 'ckan':
      return new CkanDialect(request);
    default:
      return assertNever(request.portal.kind);
  }
}
