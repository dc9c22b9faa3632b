'use client';

import { IconAlertTriangle } from '@tabler/icons-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import classes from './alarm-strip.module.css';
import { useHealth, useSummary } from './api/queries.ts';
import { plural } from './format.ts';

/** Red only for what stops everything: the database is away, or work waits and nobody is there to do it. */
export function AlarmStrip() {
  const health = useHealth().data;
  const summary = useSummary().data;
  return <div aria-live="polite">{alarmOf(health?.database === 'unreachable', summary)}</div>;
}

function alarmOf(databaseAway: boolean, summary: ReturnType<typeof useSummary>['data']): ReactNode {
  if (databaseAway) {
    return (
      <Strip>
        <strong>The database cannot be reached.</strong> What you see may be old. Nothing is lost; this page recovers by
        itself.
      </Strip>
    );
  }
  if (summary === undefined || summary.queue.waiting === 0 || summary.workers.total > 0) return null;
  return (
    <Strip>
      <strong>{plural(summary.queue.waiting, 'session')} waiting and no worker running.</strong>{' '}
      <Link href="/workers">See how to start workers</Link>
    </Strip>
  );
}

function Strip({ children }: { children: ReactNode }) {
  return (
    <div className={classes.strip}>
      <IconAlertTriangle size={18} aria-hidden />
      <span>{children}</span>
    </div>
  );
}
