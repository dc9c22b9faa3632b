import { type ApiError, ERROR_STATUS } from '#server/api-error.ts';
import { EXIT } from './exit-codes.ts';

/** How a command ends that was refused. */
export function exitCodeOf(error: ApiError): number {
  const status = ERROR_STATUS[error.code];
  if (status === 404) return EXIT.nothing;
  return status === 400 || status === 422 ? EXIT.usage : EXIT.failed;
}
