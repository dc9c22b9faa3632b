import { CommandError } from './command-error.ts';
import { EXIT } from './exit-codes.ts';

/**
 * Tells of a file that was named on the command line and cannot be used.
 * @throws CommandError for what the file system refuses: `EXIT.nothing` where the file, or its folder, is not there; anything else as it
 * was thrown.
 */
export async function usingFile<T>(file: string, use: 'read' | 'written', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = code === 'ENOENT' && use === 'written' ? 'its folder is not there' : REASONS[code];
    if (reason === undefined) throw error;
    throw new CommandError(
      `"${file}" cannot be ${use}: ${reason}.`,
      code === 'ENOENT' ? EXIT.nothing : EXIT.failed,
      error,
    );
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'this user may not do that',
  EPERM: 'this user may not do that',
  EROFS: 'nothing can be written there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'this user has no more room there',
};
