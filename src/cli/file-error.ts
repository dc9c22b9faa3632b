import { EXIT } from './exit-codes.ts';

/** A file that was named on the command line cannot be read or written. */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** `EXIT.nothing` where it, or its folder, is not there. */
  readonly exitCode: number;
  constructor(message: string, exitCode: number, cause: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** @throws FileError for what the file system refuses; anything else as it was thrown. */
export async function usingFile<T>(file: string, use: 'read' | 'written', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = code === 'ENOENT' && use === 'written' ? 'its folder is not there' : REASONS[code];
    if (reason === undefined) throw error;
    throw new FileError(
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
