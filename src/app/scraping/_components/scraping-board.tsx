'use client';

import { Stack } from '@mantine/core';
import { useState } from 'react';
import { PageHeader } from '#components/page-header.tsx';
import type { ApiTriggerResponse } from '#lib/api/session.ts';
import { SessionsTable } from './sessions-table.tsx';
import { StartForm } from './start-form.tsx';
import { useSessionFilters } from './use-session-filters.ts';

/** The start form over the sessions; a new session is shown at once, whatever the filters were. */
export function ScrapingBoard() {
  const [newIds, setNewIds] = useState<ReadonlySet<number>>(new Set());
  const { clear } = useSessionFilters();
  const showNew = ({ sessions }: ApiTriggerResponse) => {
    setNewIds(new Set(sessions.map(({ id }) => id)));
    clear();
  };
  return (
    <>
      <PageHeader title="Scraping" hint="Name a place and press Start; leads are saved as they are found." />
      <Stack gap="lg">
        <StartForm onStarted={showNew} />
        <SessionsTable newIds={newIds} />
      </Stack>
    </>
  );
}
