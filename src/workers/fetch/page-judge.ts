import type { FetchedPage, FetchPageOptions } from '#lib/scrapers/scraper-context.ts';
import type { SnapshotStore } from '../pages/snapshot-store.ts';
import type { FetchSession } from './fetch-session.ts';
import type { HttpOutcome } from './http-outcome.ts';
import type { Judgement } from './paced-client.ts';
import { inspectPage, type PageInspection } from './page-inspection/inspect-page.ts';
import { type PageResult, resultOf, resultOfBody, resultOfInspection } from './page-result.ts';
import { RESULT_POLICY } from './result-policy.ts';

const HOSTS_MAX = 1_000;
const SIZES_KEPT = 21;
/** A median of fewer pages says little. */
const SIZES_MIN = 5;

/** Says what an outcome means, and keeps what people should see of it. Remembers how large a host's pages usually are. */
export class PageJudge {
  readonly #snapshots: Pick<SnapshotStore, 'save'> | null;
  readonly #sizes = new Map<string, number[]>();

  constructor(snapshots: Pick<SnapshotStore, 'save'> | null) {
    this.#snapshots = snapshots;
  }

  /** @param page the decoded body; null where no answer came. */
  async judge(
    outcome: HttpOutcome,
    page: FetchedPage | null,
    options: FetchPageOptions,
    about: { session: FetchSession; hostKey: string; validated: boolean },
  ): Promise<Judgement> {
    const byStatus = resultOf(outcome, new Date(), about.validated);
    if (page === null || byStatus.kind === 'redirect' || byStatus.kind === 'not-modified') return byStatus;
    if (options.isPart) return byStatus;
    const inspection = this.#inspect(page, options, about);
    const result = judgeBody(resultOfInspection(byStatus, inspection), page, options);
    if (result.kind === 'done') this.#noteSize(about, page.bytes);
    if (!RESULT_POLICY[result.kind].snapshot) return result;
    return { ...result, snapshotSignature: await this.#snapshot(result, page, inspection, about) };
  }

  #inspect(
    page: FetchedPage,
    { expect }: FetchPageOptions,
    about: { session: FetchSession; hostKey: string },
  ): PageInspection {
    const { status, headers, text, url, finalUrl } = page;
    return inspectPage({
      status,
      headers,
      text,
      url,
      finalUrl,
      medianBytes: this.#medianBytes(about),
      ...(expect ? { expect } : {}),
    });
  }

  async #snapshot(
    { kind }: PageResult,
    page: FetchedPage,
    { evidence, title }: PageInspection,
    { session, hostKey }: { session: FetchSession; hostKey: string },
  ): Promise<string | null> {
    if (this.#snapshots === null) return null;
    return await this.#snapshots.save({
      source: session.source,
      sessionId: session.sessionId,
      hostKey,
      url: page.finalUrl,
      verdict: kind,
      evidence,
      title,
      status: page.status,
      headers: page.headers,
      text: page.text,
    });
  }

  #noteSize(about: { session: FetchSession; hostKey: string }, bytes: number): void {
    const key = sizesKey(about);
    const sizes = this.#sizes.get(key) ?? [];
    if (!this.#sizes.has(key) && this.#sizes.size >= HOSTS_MAX) this.#sizes.clear();
    sizes.push(bytes);
    if (sizes.length > SIZES_KEPT) sizes.shift();
    this.#sizes.set(key, sizes);
  }

  #medianBytes(about: { session: FetchSession; hostKey: string }): number | null {
    const sizes = this.#sizes.get(sizesKey(about)) ?? [];
    if (sizes.length < SIZES_MIN) return null;
    return [...sizes].sort((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? null;
  }
}

const sizesKey = ({ session, hostKey }: { session: FetchSession; hostKey: string }) => `${session.source} ${hostKey}`;

/** Only a page that is fine otherwise is shown to the scraper. */
function judgeBody(result: PageResult, page: FetchedPage, { inspectBody }: FetchPageOptions): PageResult {
  if (result.kind !== 'done' || inspectBody === undefined) return result;
  return resultOfBody(inspectBody(page.text));
}
