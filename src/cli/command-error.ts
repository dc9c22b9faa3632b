/** Why a command could not do what it was asked to, in one sentence for the one who typed it. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  /** One of `EXIT`. */
  readonly exitCode: number;
  constructor(message: string, exitCode: number, cause: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}
