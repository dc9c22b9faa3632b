import { describe, expect, it } from 'vitest';
import type { Executor } from '#lib/db/create-db.ts';
import { waitFor } from '#test/wait-for.ts';
import { createEventPublisher, type EkoEvent, parseEvent } from './events.ts';

function recorder(fails = false): { sent: EkoEvent[]; db: Executor } {
  const sent: EkoEvent[] = [];
  return {
    sent,
    db: {
      async query(_text, values) {
        sent.push(JSON.parse(String(values?.[1])) as EkoEvent);
        if (fails) throw new Error('the database is away');
        return [];
      },
    },
  };
}

describe('createEventPublisher', () => {
  it('sends the first announcement at once and later ones together', async () => {
    const { sent, db } = recorder();
    const events = createEventPublisher(db, 60);
    events.publish(['sessions'], [1]);
    await waitFor(() => sent.length === 1);
    events.publish(['leads'], [1]);
    events.publish(['workers']);
    events.publish(['sessions'], [2]);
    await waitFor(() => sent.length === 2);
    expect(sent).toEqual([
      { topics: ['sessions'], sessionIds: [1] },
      { topics: ['leads', 'workers', 'sessions'], sessionIds: [1, 2] },
    ]);
    await events.close();
  });

  it('says "any session" when some are not named or there are too many', async () => {
    const { sent, db } = recorder();
    const events = createEventPublisher(db);
    events.publish(['sessions'], [1]);
    events.publish(['sessions']);
    await events.flush();
    events.publish(
      ['sessions'],
      Array.from({ length: 51 }, (_, id) => id),
    );
    await events.close();
    expect(sent).toEqual([{ topics: ['sessions'] }, { topics: ['sessions'] }]);
  });

  it('never fails, and says nothing when nothing happened', async () => {
    const { sent, db } = recorder(true);
    const events = createEventPublisher(db);
    await events.flush();
    expect(sent).toEqual([]);
    events.publish(['workers']);
    await events.close();
    expect(sent).toEqual([{ topics: ['workers'] }]);
  });
});

describe('parseEvent', () => {
  it('reads what is published and nothing else', () => {
    expect(parseEvent('{"topics":["leads","odd"],"sessionIds":[3,"x"]}')).toEqual({
      topics: ['leads'],
      sessionIds: [3],
    });
    expect(parseEvent('ready')).toBeNull();
    expect(parseEvent('null')).toBeNull();
    expect(parseEvent('{}')).toBeNull();
  });
});
