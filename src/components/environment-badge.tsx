'use client';

import { Badge } from '@mantine/core';
import { useSummary } from './api/queries.ts';

/** Which installation this is: it has saved people from acting on the wrong one. */
export function EnvironmentBadge() {
  const environment = useSummary().data?.environment;
  if (environment === undefined) return null;
  return (
    <Badge variant="default" size="sm" radius="sm" tt="none" visibleFrom="xs" title="The EKO_ENV setting">
      {environment}
    </Badge>
  );
}
