import { formatDuration, formatRatio, plural } from '#components/format.ts';
import { assertNever } from '#lib/invariant.ts';
import { parseNews, type ReadNews } from './run-news.ts';

export interface WorkerViewOptions {
  write: (text: string) => void;
  /** The width of the terminal, for the one line that is written over. */
  columns: () => number;
  /** A line that is no news: a log line of manager or workers, made readable. Null leaves it out. */
  formatLog: (line: string) => string | null;
  nowMs: () => number;
}

type Working = ReadNews & { event: 'working' };

/**
 * What people see of a run of workers: events as lines, and below them one line with the present state that is written over and
 * whose times go on between events.
 */
export class WorkerView {
  readonly #options: WorkerViewOptions;
  #status: (sinceMs: number) => string = () => 'Starting …';
  #statusAtMs: number;
  #last: Working = { event: 'working', active: 0, processed: 0, succeeded: 0, failed: 0, maxWork: null, perHour: null };
  #looked = false;
  #stopping = false;

  constructor(options: WorkerViewOptions) {
    this.#options = options;
    this.#statusAtMs = options.nowMs();
  }

  /** A line that the manager or one of its workers has written. */
  take(line: string): void {
    const news = parseNews(line);
    if (news) this.#tell(news);
    else this.#say(this.#options.formatLog(line));
  }

  /** Writes the state anew; call it every second. */
  refresh(): void {
    const text = this.#status(this.#options.nowMs() - this.#statusAtMs);
    this.#options.write(`\r\u001b[K${text.slice(0, Math.max(20, this.#options.columns() - 1))}`);
  }

  /** Removes the line of the present state. */
  end(): void {
    this.#options.write('\r\u001b[K');
  }

  #tell(news: ReadNews): void {
    switch (news.event) {
      case 'waiting':
        if (!this.#looked) this.#say('Looking for work');
        this.#looked = true;
        this.#show((sinceMs) => describeWaiting(news, sinceMs));
        break;
      case 'working':
        for (const line of describeWork(this.#last, news)) this.#say(line);
        this.#last = news;
        this.#showProgress();
        break;
      case 'stopping':
        this.#stopping = true;
        this.#say(`Stopping: ${news.message}`);
        this.#showProgress();
        break;
      case 'stopped':
        this.#show(() => '');
        for (const line of describeEnd(news)) this.#say(line);
        break;
      default:
        assertNever(news);
    }
  }

  #showProgress(): void {
    const progress = describeProgress(this.#last);
    this.#show(() => (this.#stopping ? `Stopping … ${progress}` : progress));
  }

  #show(status: (sinceMs: number) => string): void {
    this.#status = status;
    this.#statusAtMs = this.#options.nowMs();
    this.refresh();
  }

  #say(line: string | null): void {
    if (line === null) return;
    this.#options.write(`\r\u001b[K${line}\n`);
    this.refresh();
  }
}

function describeWaiting(news: ReadNews & { event: 'waiting' }, sinceMs: number): string {
  const { idleMs, emptyLooks, maxFailures, nextLookMs, standstill } = news;
  const time = formatDuration(idleMs + sinceMs);
  if (standstill) return `Waiting: ${standstill.why} (${standstill.resume}), ${time}`;
  const waited = `Waiting for work: ${time}`;
  if (maxFailures === null) return waited;
  const next = formatDuration(Math.max(0, nextLookMs - sinceMs));
  return `${waited} (${emptyLooks} of ${maxFailures} looks found nothing; the next in ${next})`;
}

/** What has changed since the last news. A try that fails is often not the end of its session. */
function describeWork(before: Working, now: Working): string[] {
  const ended = now.processed - before.processed;
  const claimed = now.active - before.active + ended;
  const completed = now.succeeded - before.succeeded;
  const failed = now.failed - before.failed;
  const cancelled = ended - completed - failed;
  const ends = [
    ...(completed > 0 ? [`Completed ${completed}`] : []),
    ...(failed > 0 ? [`${plural(failed, 'try', 'tries')} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
  ];
  return [
    ...(claimed > 0 ? [`Claimed ${plural(claimed, 'session')}, ${now.active} running`] : []),
    ...(ended > 0 ? [`${ends.join(', ')}: ${describeProgress(now)}`] : []),
  ];
}

function describeProgress({ processed, maxWork, active, perHour, failed }: Working): string {
  return [
    `${processed}${maxWork === null ? '' : `/${maxWork}`} done`,
    `${active} running`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(perHour === null ? [] : [`${Math.round(perHour)}/h`]),
  ].join(' · ');
}

function describeEnd(news: ReadNews & { event: 'stopped' }): string[] {
  const { message, processed, succeeded, failed, runtimeMs, perHour, efficiency } = news;
  return [
    `Stopped: ${message}`,
    `  work done    ${plural(processed, 'try', 'tries')} (${succeeded} completed, ${failed} failed)`,
    `  runtime      ${formatDuration(runtimeMs)}`,
    `  jobs/hour    ${perHour === null ? '–' : Math.round(perHour * 10) / 10}`,
    `  efficiency   ${formatRatio(efficiency)} of the time something ran`,
  ];
}
