'use client';

import { Anchor, Button, Group } from '@mantine/core';
import { IconAlertTriangle, IconDatabaseOff } from '@tabler/icons-react';
import { useRouter } from 'next/navigation';
import { startTransition, useCallback, useEffect } from 'react';
import { useHealth } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { schemaProblem } from '#components/schema-problem.ts';

const ASK_AGAIN_MS = 3000;

/** A page that could not be made. When the database or its schema was the reason, the page comes back by itself. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const router = useRouter();
  const retry = useCallback(() => {
    startTransition(() => {
      router.refresh();
      reset();
    });
  }, [router, reset]);
  const health = useHealth();
  const databaseAway = health.data?.database === 'unreachable';
  const otherSchema = schemaProblem(health.data?.schema);
  const mayPass = databaseAway || otherSchema !== null;
  useEffect(() => {
    if (!mayPass) return;
    const timer = setInterval(retry, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [mayPass, retry]);

  if (otherSchema !== null) {
    return (
      <EmptyPanel isPage icon={IconDatabaseOff} title={otherSchema.title}>
        {otherSchema.advice} Nothing is lost, and this page carries on by itself.
      </EmptyPanel>
    );
  }

  if (databaseAway) {
    return (
      <EmptyPanel
        isPage
        icon={IconDatabaseOff}
        title="The database cannot be reached"
        action={
          <Button variant="default" onClick={retry}>
            Try now
          </Button>
        }
      >
        Nothing is lost. This page asks again every 3 seconds and carries on by itself. If it lasts: look at the
        terminal where the app was started, and check DATABASE_URL if you set one.
      </EmptyPanel>
    );
  }
  return (
    <EmptyPanel
      isPage
      icon={IconAlertTriangle}
      title="This page could not be shown"
      action={
        <Group justify="center">
          <Button onClick={retry}>Try again</Button>
          <Anchor href="/scraping">Go to Scraping</Anchor>
        </Group>
      }
    >
      Something went wrong here, not with your data.
      {error.digest === undefined ? '' : ` The log has the reason under "${error.digest}".`}
    </EmptyPanel>
  );
}
