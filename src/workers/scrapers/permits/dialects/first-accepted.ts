import { RequestRefusedError } from '#lib/errors.ts';

/**
 * Tries ways of asking in turn until the publisher accepts one; remembers its index. Only a refusal of the request itself
 * (status 400 and its kin) moves on; every other error is thrown at once.
 * @throws the refusal of the first way when all are refused: it is the one that says what is wrong.
 */
export async function firstAccepted<Way, Answer>(
  ways: readonly Way[],
  ask: (way: Way, index: number) => Promise<Answer>,
  mayTryOthers: () => boolean = () => true,
): Promise<{ index: number; answer: Answer }> {
  let refusal: unknown;
  for (const [index, way] of ways.entries()) {
    try {
      return { index, answer: await ask(way, index) };
    } catch (error) {
      if (!(error instanceof RequestRefusedError)) throw error;
      refusal ??= error;
      if (!mayTryOthers()) break;
    }
  }
  throw refusal;
}
