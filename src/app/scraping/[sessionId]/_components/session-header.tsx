'use client';

import { Breadcrumbs, Group, Paper, Progress, SimpleGrid, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatCount, formatDuration } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import { RelativeTime, RunningTime } from '#components/relative-time.tsx';
import { aheadInWords, progressPercent } from '#components/session-phrase.ts';
import { SessionState } from '#components/session-state.tsx';
import { useNow } from '#components/use-now.ts';
import { useSourceLabel } from '#components/use-source-label.ts';
import type { ApiSessionDetail } from '#lib/api/session.ts';
import { stateInWords } from '#lib/sessions/state-in-words.ts';
import { SessionActions } from './session-actions.tsx';
import classes from './session-header.module.css';

export function SessionHeader({ session }: { session: ApiSessionDetail }) {
  const labelOf = useSourceLabel();
  const percent = session.status === 'running' ? progressPercent(session) : null;
  return (
    <>
      <Breadcrumbs fz="sm" mb={6} separatorMargin={6}>
        <PageLink href="/scraping" size="sm">
          Scraping
        </PageLink>
        <Text size="sm" c="dimmed">
          Session {session.id}
        </Text>
      </Breadcrumbs>
      <Paper withBorder bg="var(--eko-surface)" p="md" mb="md">
        <div className={classes.top}>
          <div>
            <Group gap="sm">
              <Title order={1}>{session.location}</Title>
              <span role="status">
                <SessionState session={session} strong />
              </span>
            </Group>
            <Text c="dimmed" size="sm" mt={2}>
              {labelOf(session.source)} · <StateSentence session={session} />
            </Text>
          </div>
          <SessionActions session={session} />
        </div>
        {percent !== null && <Progress value={percent} size={6} mt="sm" aria-label={`${percent}% done`} />}
        <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="md" mt="md">
          <LeadFigure session={session} />
          <Figure label="New among them">{formatCount(session.leadsNew)}</Figure>
          <Figure label={session.startedAt === null ? 'Asked for' : 'Started'}>
            <RelativeTime at={session.startedAt ?? session.createdAt} />
          </Figure>
          <DurationFigure session={session} />
        </SimpleGrid>
      </Paper>
    </>
  );
}

/** Counts down with the reader's clock; before that is known, the server's sentence stands. */
function StateSentence({ session }: { session: ApiSessionDetail }) {
  const now = useNow();
  // The reason has a panel of its own.
  if (session.status === 'failed' && session.error !== null)
    return <span>Failed; the reason and what to do are below.</span>;
  const sentence = now === null ? session.stateInWords : stateInWords(session, new Date(now));
  const isReady = session.status === 'pending' && session.wakeAt === null;
  const ahead = aheadInWords((isReady && session.waitingAhead) || 0);
  return (
    <span>
      {sentence}
      {ahead === null ? '' : `, ${ahead}`}
    </span>
  );
}

function LeadFigure({ session: { id, leadsFound } }: { session: ApiSessionDetail }) {
  return (
    <Figure label="Leads found">
      {leadsFound === 0 ? (
        '0'
      ) : (
        <PageLink href={`/leads?sessionId=${id}`} inherit>
          {formatCount(leadsFound)}
        </PageLink>
      )}
    </Figure>
  );
}

function DurationFigure({ session: { status, startedAt, completedAt } }: { session: ApiSessionDetail }) {
  if (startedAt === null) return <Figure label="Took">–</Figure>;
  if (status === 'running') {
    return (
      <Figure label="Running for">
        <RunningTime from={startedAt} />
      </Figure>
    );
  }
  const took = completedAt === null ? '–' : formatDuration(Date.parse(completedAt) - Date.parse(startedAt));
  return <Figure label="Last attempt took">{took}</Figure>;
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fz="lg" fw={600} component="div" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {children}
      </Text>
    </div>
  );
}
