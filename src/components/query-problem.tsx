'use client';

import { Button, Paper } from '@mantine/core';
import { IconDatabaseOff, IconPlugConnectedX, IconZoomExclamation } from '@tabler/icons-react';
import { ApiError } from './api/api-client.ts';
import { EmptyPanel } from './empty-panel.tsx';

export interface QueryProblemProps {
  error: Error;
  onRetry: () => void;
  /** Without a frame, inside a panel that has one. */
  bare?: boolean;
}

/** What is shown in the place of data that could not be had. An outage heals by itself: the query keeps asking. */
export function QueryProblem({ error, onRetry, bare = false }: QueryProblemProps) {
  return (
    <Paper withBorder={!bare} bg="var(--eko-surface)" role="alert">
      {problemPanel(error, onRetry)}
    </Paper>
  );
}

function problemPanel(error: Error, onRetry: () => void) {
  const again = (
    <Button variant="default" size="sm" onClick={onRetry}>
      Try now
    </Button>
  );
  if (!(error instanceof ApiError) || !error.isOutage) {
    return (
      <EmptyPanel icon={IconZoomExclamation} title="This could not be loaded" action={again}>
        {error.message}
      </EmptyPanel>
    );
  }
  if (error.status === 0) {
    return (
      <EmptyPanel icon={IconPlugConnectedX} title="The server does not answer" action={again}>
        It may be restarting, or the network is down. This page asks again every 3 seconds and carries on by itself.
      </EmptyPanel>
    );
  }
  return (
    <EmptyPanel icon={IconDatabaseOff} title="The database cannot be reached" action={again}>
      Your data is safe, it just cannot be read now. Workers wait and carry on where they were. This page asks again
      every 3 seconds. If it lasts: look at the terminal where the app was started, and check DATABASE_URL if you set
      one.
    </EmptyPanel>
  );
}
