import { formatCount } from '#components/format.ts';
import type { StateWord } from '#components/state-words.ts';

export function countAll(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** "12 active, 2 cooling down": the states that anything is in, in the order given. */
export function countsInWords<State extends string>(
  counts: Record<State, number>,
  states: readonly State[],
  words: Record<State, StateWord>,
): string {
  return states
    .filter((state) => counts[state] > 0)
    .map((state) => `${formatCount(counts[state])} ${words[state].word.toLowerCase()}`)
    .join(', ');
}
