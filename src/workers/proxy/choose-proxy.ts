/** What the choice between two proxies goes by. */
export interface Candidate {
  id: number;
  tier: number;
  /** 0 to 1; null when nothing is known. */
  successRate: number | null;
  avgResponseTimeMs: number | null;
  /** When this process picked it last; any rising number. */
  lastPickedAt: number;
}

/** What counts as known of a proxy that was never asked. */
const UNKNOWN_SUCCESS_RATE = 0.5;
const UNKNOWN_RESPONSE_TIME_MS = 2_000;

/**
 * Of the lowest tier takes two at random and of them the better one: nearly as good as always the best, and no proxy gets
 * all requests of all workers. Equal ones take turns.
 * @param random from 0 up to, not including, 1.
 */
export function chooseProxy<T extends Candidate>(candidates: readonly T[], random: () => number): T | null {
  const tier = Math.min(...candidates.map((candidate) => candidate.tier));
  const [first, second] = takeTwo(
    candidates.filter((candidate) => candidate.tier === tier),
    random,
  );
  if (first === undefined || second === undefined) return first ?? null;
  const difference = worthOf(first) - worthOf(second);
  if (difference !== 0) return difference > 0 ? first : second;
  return first.lastPickedAt <= second.lastPickedAt ? first : second;
}

/** Two different ones, if there are. */
function takeTwo<T>(items: readonly T[], random: () => number): [T | undefined, T | undefined] {
  const first = Math.floor(random() * items.length);
  const second = Math.floor(random() * (items.length - 1));
  return [items[first], items.length < 2 ? undefined : items[second < first ? second : second + 1]];
}

/** Successful answers per ms. */
function worthOf({ successRate, avgResponseTimeMs }: Candidate): number {
  return (successRate ?? UNKNOWN_SUCCESS_RATE) / Math.max(1, avgResponseTimeMs ?? UNKNOWN_RESPONSE_TIME_MS);
}
