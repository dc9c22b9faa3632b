import { expect, it } from 'vitest';
import { waitFor } from '#test/wait-for.ts';
import type { ProxyEvent } from './proxy-health.ts';
import { UseLedger } from './use-ledger.ts';

type Uses = ReadonlyMap<number, readonly ProxyEvent[]>;

/** A ledger whose writes fail while `isAway`. */
function openLedger(intervalMs: number) {
  const state = { isAway: false, written: [] as Uses[], troubles: 0 };
  const ledger = new UseLedger({
    intervalMs,
    write: async (uses) => {
      if (state.isAway) throw new Error('away');
      state.written.push(uses);
    },
    onTrouble: () => {
      state.troubles += 1;
    },
  });
  return { ledger, state };
}

const success = (durationMs: number) => ({ effect: 'success', durationMs }) as const;
const timesOf = (uses: Uses | undefined, id: number) =>
  uses?.get(id)?.map((event) => (event.kind === 'used' ? event.durationMs : null));

it('writes what was collected together, in its order, and nothing while nothing happens', async () => {
  const { ledger, state } = openLedger(20);
  ledger.add(1, success(1));
  ledger.add(2, success(2));
  ledger.add(1, success(3));
  await waitFor(() => state.written.length > 0);
  await ledger.flush();
  expect(state.written).toHaveLength(1);
  expect(timesOf(state.written[0], 1)).toEqual([1, 3]);
  expect(timesOf(state.written[0], 2)).toEqual([2]);
});

it('keeps what could not be written, before what came after it', async () => {
  const { ledger, state } = openLedger(5);
  state.isAway = true;
  ledger.add(1, success(1));
  await waitFor(() => state.troubles > 1);
  ledger.add(1, success(2));
  state.isAway = false;
  await waitFor(() => state.written.length > 0);
  await ledger.close();
  expect(state.written.flatMap((uses) => timesOf(uses, 1))).toEqual([1, 2]);
});

it('holds the last hundred of a proxy, however long nothing can be written', async () => {
  const { ledger, state } = openLedger(60_000);
  for (let index = 0; index < 1_000; index += 1) ledger.add(1, success(index));
  await ledger.close();
  expect(timesOf(state.written[0], 1)).toEqual(Array.from({ length: 100 }, (_, index) => 900 + index));
});
