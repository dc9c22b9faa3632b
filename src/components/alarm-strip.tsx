'use client';

import { IconAlertTriangle } from '@tabler/icons-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import classes from './alarm-strip.module.css';
import { useHealth, useSummary } from './api/queries.ts';
import { plural } from './format.ts';
import { type SchemaProblem, schemaProblem } from './schema-problem.ts';

/** Red only for what stops everything: the database is away or not the one for this program, or work waits and nobody is there. */
export function AlarmStrip() {
  const health = useHealth().data;
  const summary = useSummary().data;
  return (
    <div aria-live="polite">{alarmOf(health?.database === 'unreachable', schemaProblem(health?.schema), summary)}</div>
  );
}

function alarmOf(
  databaseAway: boolean,
  otherSchema: SchemaProblem | null,
  summary: ReturnType<typeof useSummary>['data'],
): ReactNode {
  if (databaseAway) {
    return (
      <Strip>
        <strong>The database cannot be reached.</strong> What you see may be old. Nothing is lost; this page recovers by
        itself.
      </Strip>
    );
  }
  if (otherSchema !== null) {
    return (
      <Strip>
        <strong>{otherSchema.title}.</strong> {otherSchema.advice}
      </Strip>
    );
  }
  if (summary === undefined || summary.queue.waiting === 0) return null;
  if (summary.workers.total > 0 || summary.bots.total > 0) return null;
  const { waiting, capped } = summary.queue;
  return (
    <Strip>
      <strong>{`${capped ? 'More than ' : ''}${plural(waiting, 'session')}`} waiting and no worker running.</strong>{' '}
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
