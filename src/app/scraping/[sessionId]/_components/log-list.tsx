'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { formatClock, formatTime } from '#components/format.ts';
import type { ApiLogLine } from '#lib/api/session.ts';
import classes from './log-list.module.css';

const LINE_PX = 24;
/** How near to the end counts as "at the end". */
const END_PX = 40;

export interface LogListProps {
  lines: readonly ApiLogLine[];
  /** Stay at the newest line. */
  follow: boolean;
  onScrolledUp: () => void;
}

/** Only the lines in view are in the page, so a log of any length scrolls well. */
export function LogList({ lines, follow, onScrolledUp }: LogListProps) {
  const viewport = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => LINE_PX,
    getItemKey: (index) => lines[index]?.id ?? index,
    overscan: 12,
  });
  useEffect(() => {
    if (follow && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [follow, lines.length, virtual]);

  const leaveWhenScrolledUp = () => {
    const box = viewport.current;
    if (follow && box !== null && box.scrollHeight - box.scrollTop - box.clientHeight > END_PX) onScrolledUp();
  };
  return (
    <section
      ref={viewport}
      className={classes.viewport}
      aria-label="Log lines"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onWheel={leaveWhenScrolledUp}
      onKeyUp={leaveWhenScrolledUp}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          return (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              className={classes.row}
              style={{ transform: `translateY(${start}px)` }}
            >
              <LogRow line={line} />
            </div>
          );
        })}
      </div>
    </section>
  );
}

function LogRow({ line }: { line: ApiLogLine }) {
  return (
    <>
      <time className={classes.time} dateTime={line.at} title={formatTime(line.at)} suppressHydrationWarning>
        {formatClock(line.at)}
      </time>
      <span className={classes[line.level]}>{line.level}</span>
      <span className={classes.message}>
        {line.message}
        <LogContext context={line.context} />
      </span>
    </>
  );
}

/** Details beyond this are in the file to download. */
const CONTEXT_SHOWN = 240;

function LogContext({ context }: { context: ApiLogLine['context'] }) {
  if (context === null || Object.keys(context).length === 0) return null;
  const text = JSON.stringify(context);
  return (
    <span className={classes.context} title={text}>
      {' '}
      {text.length > CONTEXT_SHOWN ? `${text.slice(0, CONTEXT_SHOWN)}…` : text}
    </span>
  );
}
