import type { SessionProgress } from '#lib/db/schema/scraping-sessions.ts';
import { assertNever } from '#lib/invariant.ts';
import type { ScrapeResult } from '#lib/scrapers/scrape-result.ts';
import type { RequestStats } from '#lib/scrapers/scraper-context.ts';
import { leadsInWords } from '#lib/sessions/leads-in-words.ts';
import type { SessionQueue } from '../ports/session-queue.ts';
import type { Claim, Completion, Settled } from '../queue/job-queue.ts';
import type { SessionOutcome } from './job-outcome.ts';

/** What a completed scrape says of itself in one sentence. */
export type SessionSummary = Pick<ScrapeResult, 'totalLeads' | 'newLeads' | 'warnings' | 'skipped'>;

/** All that is written when an attempt ends: plain data, so that it can wait on disk while the database is away. */
export interface SessionEnding {
  outcome: Exclude<SessionOutcome, { kind: 'lost' }>;
  stats: RequestStats;
  /** The host that the session asks next, where one is known. */
  hostKey?: string | undefined;
  progress?: SessionProgress | undefined;
  summary?: SessionSummary | undefined;
}

/** The verbs of the queue that end an attempt; `complete` may collect several completions into one statement. */
export interface EndingPorts {
  queue: Pick<SessionQueue, 'retry' | 'snooze' | 'handBack' | 'cancelled' | 'fail'>;
  /** Resolves after the commit: true when the claim was still good. */
  complete: (item: Completion) => Promise<boolean>;
}

/** Writes the end of an attempt: each kind of outcome has exactly one verb of the queue. */
export async function writeEnding(
  { queue, complete }: EndingPorts,
  claim: Claim,
  ending: SessionEnding,
): Promise<Settled> {
  const { outcome, stats, hostKey } = ending;
  switch (outcome.kind) {
    case 'completed':
      return (await complete({ ...completionOf(claim, ending), stats })) ? 'completed' : 'stale';
    case 'retry':
      return await queue.retry(claim, { error: outcome.error, stats, hostKey });
    case 'snoozed':
      return await queue.snooze(claim, { delayMs: outcome.delayMs, reason: outcome.reason, stats, hostKey });
    case 'interrupted':
      return await queue.handBack(claim, { reason: outcome.reason, stats, hostKey });
    case 'cancelled':
      return await queue.cancelled(claim, { stats });
    case 'failed':
      return await queue.fail(claim, { error: outcome.error, stats });
    default:
      return assertNever(outcome);
  }
}

function completionOf({ id, claimNumber }: Claim, { progress, summary }: SessionEnding): Completion {
  return {
    id,
    claimNumber,
    ...(progress ? { progress } : {}),
    ...(summary ? { statusReason: sentenceOf(summary) } : {}),
  };
}

function sentenceOf({ totalLeads, newLeads, warnings, skipped }: SessionSummary): string {
  const leads = leadsInWords(totalLeads, newLeads);
  if (skipped) return `${leads}; skipped: ${skipped}`;
  const [first] = warnings;
  if (!first) return leads;
  return `${leads}; ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings, the first'}: ${first}`;
}
