'use client';

import { Button, Group, Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { DataTable } from 'mantine-datatable';
import type { ReactNode } from 'react';
import { plural } from './format.ts';
import { notifyProblem } from './notify.tsx';
import classes from './ops-table.module.css';

export interface OpsColumn<T> {
  key: string;
  title: string;
  /** The cells speak for themselves; the title is told to screen readers only. */
  titleHidden?: boolean;
  render: (record: T) => ReactNode;
  width?: number | string;
  align?: 'left' | 'right';
  /** Hidden where the window is narrower than this (in em), least important first. */
  hiddenBelow?: 62 | 75 | 88;
}

export interface OpsTableProps<T> {
  /** Says what the table lists, to screen readers. */
  caption: string;
  /** Undefined while the first page is on its way. */
  records: readonly T[] | undefined;
  columns: OpsColumn<T>[];
  getId: (record: T) => string | number;
  /** The same record on a narrow screen: the key facts, the first of them a link. */
  renderCard: (record: T) => ReactNode;
  /** Shown instead of an empty table. */
  empty: ReactNode;
  isHighlighted?: (record: T) => boolean;
  /** Singular of what is listed, for "50 leads shown". */
  noun: string;
  /** Its plural, where that is not the singular with an s. */
  nouns?: string;
  more?: MorePages;
  /** What is shown is older than what was asked for. */
  stale?: boolean;
  /** Without a frame, inside a panel that has one. */
  bare?: boolean;
}

/** The rest of a list, which is loaded page by page. */
interface MorePages {
  hasMore: boolean;
  loading: boolean;
  load: () => void;
}

/** The rest of a list whose pages a query brings. */
export function morePages(query: {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<{ isFetchNextPageError: boolean; error: Error | null }>;
}): MorePages {
  const load = async () => {
    const { isFetchNextPageError, error } = await query.fetchNextPage();
    if (isFetchNextPageError && error !== null) notifyProblem(error);
  };
  return {
    hasMore: query.hasNextPage,
    loading: query.isFetchingNextPage,
    load: () => void load(),
  };
}

/**
 * The one table of the dashboard. It hides which library draws it, turns into cards on narrow screens, and never makes a
 * row clickable: the first cell holds a real link.
 */
export function OpsTable<T>(props: OpsTableProps<T>) {
  const { records, empty, bare = false } = props;
  const frame = { className: classes.frame, 'data-bare': bare || undefined };
  if (records === undefined) return <TableSkeleton {...frame} />;
  if (records.length === 0) return <div {...frame}>{empty}</div>;
  return (
    <Stack gap={bare ? 0 : 'xs'}>
      <div {...frame} data-stale={props.stale === true || undefined}>
        <WideTable {...props} records={records} />
        <CardList {...props} records={records} />
      </div>
      <TableFooter {...props} count={records.length} />
    </Stack>
  );
}

const NOTHING = <span />;

function WideTable<T>(props: OpsTableProps<T> & { records: readonly T[] }) {
  const { caption, records, columns, getId, isHighlighted } = props;
  return (
    <div className={classes.wide}>
      <DataTable<T>
        records={[...records]}
        idAccessor={(record) => getId(record)}
        columns={columns.map((column) => ({
          accessor: column.key,
          title: column.titleHidden === true ? <VisuallyHidden>{column.title}</VisuallyHidden> : column.title,
          render: column.render,
          textAlign: column.align ?? 'left',
          ...(column.width === undefined ? {} : { width: column.width }),
          ...hideBelow(column.hiddenBelow),
        }))}
        rowClassName={(record) => (isHighlighted?.(record) === true ? classes.highlighted : undefined)}
        highlightOnHover
        minHeight={0}
        // Its own is only made invisible: at the end of each table, screen readers would be told "No records".
        emptyState={NOTHING}
        fz="sm"
        verticalSpacing={7}
        horizontalSpacing="sm"
        aria-label={caption}
        backgroundColor={{ light: 'var(--eko-surface)', dark: 'var(--eko-surface)' }}
        borderColor={{ light: 'var(--eko-border)', dark: 'var(--eko-border)' }}
        rowBorderColor={{ light: 'var(--eko-border)', dark: 'var(--eko-border)' }}
        highlightOnHoverColor={{ light: 'var(--eko-hover)', dark: 'var(--eko-hover)' }}
      />
    </div>
  );
}

/** By style sheet, not by script: the server sends the right columns without knowing the window. */
function hideBelow(width: OpsColumn<unknown>['hiddenBelow']) {
  const className = width === undefined ? undefined : classes[`from${width}`];
  return className === undefined ? {} : { cellsClassName: className, titleClassName: className };
}

function CardList<T>({
  caption,
  records,
  getId,
  renderCard,
  isHighlighted,
}: OpsTableProps<T> & { records: readonly T[] }) {
  return (
    <ul className={classes.cards} aria-label={caption}>
      {records.map((record) => (
        <li key={getId(record)} data-highlighted={isHighlighted?.(record) === true || undefined}>
          {renderCard(record)}
        </li>
      ))}
    </ul>
  );
}

function TableFooter<T>({ noun, nouns, more, count, bare }: OpsTableProps<T> & { count: number }) {
  // A panel says in its head how many there are.
  if (bare === true && more?.hasMore !== true) return null;
  return (
    <Group justify="space-between" mih={30} className={bare === true ? classes.bareFooter : undefined}>
      <Text size="xs" c="dimmed">
        {plural(count, noun, nouns)} shown{more?.hasMore === true ? '' : ', that is all'}
      </Text>
      {more?.hasMore === true && (
        <Button size="compact-sm" variant="default" loading={more.loading} onClick={more.load}>
          Load more
        </Button>
      )}
    </Group>
  );
}

const SKELETON_ROWS = ['a', 'b', 'c', 'd', 'e', 'f'];

function TableSkeleton(frame: { className: string | undefined; 'data-bare': true | undefined }) {
  return (
    <div {...frame} role="status" aria-label="Loading">
      <Stack gap="sm" p="md">
        {SKELETON_ROWS.map((row) => (
          <Skeleton key={row} height={18} radius="sm" />
        ))}
      </Stack>
    </div>
  );
}
