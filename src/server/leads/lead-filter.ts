import { z } from 'zod';
import { SIGNALS } from '#lib/db/schema/vocabulary.ts';
import { queryFlag, queryId, queryText, queryWords } from '../parse-query.ts';
import { SqlConditions } from '../sql-conditions.ts';
import { textQuery } from './text-query.ts';

export const leadFilterSchema = z.strictObject({
  source: queryText().optional(),
  /** Any part of the location that was asked for, in any case. */
  location: queryText().optional(),
  /** Leads that this session saw, whichever session found them first. */
  sessionId: queryId.optional(),
  batchId: z.uuid('must be a UUID').optional(),
  /** Beginnings of words, all of which must occur. */
  text: queryText().optional(),
  portal: queryText().optional(),
  signal: queryWords(SIGNALS).optional(),
  role: queryText().optional(),
  hasPhone: queryFlag.optional(),
  hasEmail: queryFlag.optional(),
  state: queryText(50).optional(),
  city: queryText().optional(),
  demo: queryFlag.optional(),
});

export type LeadFilter = z.output<typeof leadFilterSchema>;

/** What a lead must be; `sessionId` speaks of sightings and is left to those who join them. */
export function leadConditions(filter: LeadFilter): SqlConditions {
  const query = filter.text === undefined ? undefined : textQuery(filter.text);
  return (
    new SqlConditions()
      .add('l.batch_id = ?', filter.batchId)
      .add('l.source = ?', filter.source)
      .add('strpos(lower(l.location), lower(?)) > 0', filter.location)
      .add('l.portal = ?', filter.portal)
      .add('l.signal = any(?)', filter.signal)
      .add('lower(l.role) = lower(?)', filter.role)
      .add('lower(l.state) = lower(?)', filter.state)
      .add('lower(l.city) = lower(?)', filter.city)
      .add('(l.phone is not null) = ?', filter.hasPhone)
      .add('(l.email is not null) = ?', filter.hasEmail)
      .add('l.demo = ?', filter.demo)
      // Verbatim finds the beginning of an e-mail address, which the parser would take apart; parsed finds its parts.
      .add(`l.search @@ (?::text::tsquery || to_tsquery('simple', ?))`, query)
      // Only punctuation was given: nothing can contain it.
      .addIf(query === null, 'false')
  );
}
