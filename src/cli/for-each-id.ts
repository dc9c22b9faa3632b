import { ApiError } from '#server/api-error.ts';
import type { CliOutput } from './cli-output.ts';
import { exitCodeOf } from './exit-code-of.ts';
import { EXIT } from './exit-codes.ts';

/**
 * Does something with each id, and says of each that is refused why; the others are done all the same.
 * @returns the exit code: that of the refusal where all were refused alike, 1 where some were done.
 */
export async function forEachId(
  ids: readonly number[],
  output: CliOutput,
  work: (id: number) => Promise<void>,
): Promise<number> {
  const codes = new Set<number>();
  for (const id of ids) {
    try {
      await work(id);
      codes.add(EXIT.done);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      output.warn(error.message);
      codes.add(exitCodeOf(error));
    }
  }
  const [code = EXIT.done] = codes;
  return codes.size > 1 ? EXIT.failed : code;
}
