import { describe, expect, it } from 'vitest';
import type { RunNews } from '#workers/manager/run-monitor.ts';
import { formatNews } from './run-news.ts';
import { WorkerView } from './worker-view.ts';

/** A view on a terminal of 60 columns, and what stays on it: finished lines and the present one. */
function openView() {
  let text = '';
  const clock = { nowMs: 0 };
  const view = new WorkerView({
    write: (more) => {
      text += more;
    },
    columns: () => 60,
    formatLog: (line) => (line.includes('"warn"') ? `warning: ${JSON.parse(line).message}` : null),
    nowMs: () => clock.nowMs,
  });
  const screen = () => text.split('\n').map((line) => line.slice(line.lastIndexOf('\u001b[K') + 3));
  return {
    view,
    clock,
    tell: (news: RunNews) => view.take(formatNews(news)),
    lines: () => screen().slice(0, -1),
    status: () => screen().at(-1),
  };
}

const work = { event: 'working', maxWork: 50, perHour: 9.4, failed: 0 } as const;

describe('WorkerView', () => {
  it('tells looking, claiming, completing with counts, waiting, stopping and the statistics', () => {
    const { tell, lines } = openView();
    const reason = { reason: 'max-work', message: '50 tries done, which is the limit (--max-work 50)' } as const;
    tell({ event: 'waiting', idleMs: 0, emptyLooks: 0, maxFailures: null, nextLookMs: 0, standstill: null });
    tell({ ...work, active: 3, processed: 0, succeeded: 0 });
    tell({ ...work, active: 2, processed: 2, succeeded: 1, failed: 1 });
    tell({ ...work, active: 0, processed: 4, succeeded: 1, failed: 2 });
    tell({ event: 'stopping', ...reason });
    tell({
      event: 'stopped',
      ...reason,
      processed: 50,
      succeeded: 49,
      failed: 1,
      runtimeMs: 7_200_000,
      perHour: 25,
      efficiency: 0.5,
    });
    expect(lines()).toEqual([
      'Looking for work',
      'Claimed 3 sessions, 3 running',
      'Claimed 1 session, 2 running',
      'Completed 1, 1 try failed: 2/50 done · 2 running · 1 failed · 9/h',
      '1 try failed, 1 cancelled: 4/50 done · 0 running · 2 failed · 9/h',
      'Stopping: 50 tries done, which is the limit (--max-work 50)',
      'Stopped: 50 tries done, which is the limit (--max-work 50)',
      '  work done    50 tries (49 completed, 1 failed)',
      '  runtime      2 h',
      '  jobs/hour    25',
      '  efficiency   50% of the time something ran',
    ]);
  });

  it('goes on telling what ends after somebody has stopped it', () => {
    const { tell, lines, status } = openView();
    tell({ ...work, maxWork: null, active: 2, processed: 3, succeeded: 3 });
    const message = 'What runs may finish for up to 25 s; once more stops at once';
    tell({ event: 'stopping', reason: 'asked', message });
    expect(status()).toBe('Stopping … 3 done · 2 running · 9/h');
    tell({ ...work, maxWork: null, active: 1, processed: 4, succeeded: 4 });
    expect(lines().slice(-2)).toEqual([`Stopping: ${message}`, 'Completed 1: 4 done · 1 running · 9/h']);
    expect(status()).toBe('Stopping … 4 done · 1 running · 9/h');
  });

  it('lets the time of waiting grow between news, and cuts the line to the terminal', () => {
    const { tell, view, clock, status } = openView();
    tell({ event: 'waiting', idleMs: 5_000, emptyLooks: 2, maxFailures: 5, nextLookMs: 4_000, standstill: null });
    clock.nowMs = 3_000;
    view.refresh();
    expect(status()).toBe('Waiting for work: 8 s (2 of 5 looks found nothing; the next in 1 s)'.slice(0, 59));
  });

  it('says why nothing is claimed, and what ends that', () => {
    const { tell, status } = openView();
    const standstill = { why: 'paused by people', resume: 'npx eko nodes resume roof' };
    tell({ event: 'waiting', idleMs: 5_000, emptyLooks: 0, maxFailures: 5, nextLookMs: 4_000, standstill });
    expect(status()).toBe('Waiting: paused by people (npx eko nodes resume roof), 5 s');
  });

  it('shows warnings between the news, and leaves out what the news tell better', () => {
    const { view, lines } = openView();
    view.take('{"level":"warn","message":"The database does not answer"}');
    view.take('{"level":"info","message":"Worker forked"}');
    view.take('{"name":"run","event":"unheard-of"}');
    expect(lines()).toEqual(['warning: The database does not answer']);
  });
});
