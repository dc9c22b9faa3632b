import { expect, it } from 'vitest';
import { SlotBook } from './slot-book.ts';

const granted = (slotId: number) => ({ slotId, waitMs: 0, reason: null });

it('grants nothing more at a host while the slots there that it does not know are given back', async () => {
  const book = new SlotBook();
  await expect(book.reserve('a.example', () => Promise.reject(new Error('the answer was lost')))).rejects.toThrow();
  const asked: [string, number[] | null][] = [];
  const gate = Promise.withResolvers<void>();
  const first = book.reserve('a.example', async (known) => {
    asked.push(['first', known]);
    await gate.promise;
    return granted(1);
  });
  const second = book.reserve('a.example', async (known) => {
    asked.push(['second', known]);
    return granted(2);
  });
  const elsewhere = await book.reserve('b.example', async (known) => {
    asked.push(['elsewhere', known]);
    return granted(3);
  });
  expect(elsewhere.slotId).toBe(3);
  expect(asked).toEqual([
    ['first', []],
    ['elsewhere', null],
  ]);
  gate.resolve();
  expect((await first).slotId).toBe(1);
  expect((await second).slotId).toBe(2);
  // The slot of the first is known by then.
  expect(asked.at(-1)).toEqual(['second', [1]]);
});

it('lets the next one go on when the one in doubt fails', async () => {
  const book = new SlotBook();
  const lose = () => Promise.reject(new Error('the answer was lost'));
  await expect(book.reserve('a.example', lose)).rejects.toThrow();
  const second = book.reserve('a.example', lose);
  const third = book.reserve('a.example', async (known) => granted(known === null ? 8 : 9));
  await expect(second).rejects.toThrow();
  expect((await third).slotId).toBe(9);
});
