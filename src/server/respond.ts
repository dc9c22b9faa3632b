import { randomUUID } from 'node:crypto';
import type { ApiErrorBody } from '#lib/api/answer.ts';
import { isOtherSchema } from '#lib/db/schema-version.ts';
import type { Logger } from '#lib/logger.ts';
import { ApiError, ERROR_STATUS } from './api-error.ts';
import { isDatabaseUnavailable } from './report-outages.ts';

/** What every answer of the API carries: it is somebody's data, and never a document. */
const DATA_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function respondJson(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { ...DATA_HEADERS, ...headers } });
}

/**
 * The answer to any error: ours as they are, a database that is away as 503, everything else as 500 with nothing but an id
 * that the log line has too.
 */
export function respondError(error: unknown, logger: Logger): Response {
  const known = toApiError(error);
  if (known) return respondApiError(known);
  const id = randomUUID();
  logger.error({ err: error, errorId: id }, 'A request failed unexpectedly');
  if (isOtherSchema(error)) {
    return respondApiError(
      new ApiError(
        'schema_mismatch',
        `The database has another schema than this program expects; GET /healthz says which of them is older. The log has more under "${id}".`,
      ),
    );
  }
  return respondApiError(new ApiError('internal', `Something went wrong here. The log has the reason under "${id}".`));
}

/** The answer that an expected error stands for; null for one that nobody expected. */
function toApiError(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  if (isDatabaseUnavailable(error)) {
    return new ApiError(
      'database_unavailable',
      'The database cannot be reached right now. Try again in a few seconds.',
      {
        headers: { 'retry-after': '5' },
      },
    );
  }
  if (isUnstorable(error)) {
    return new ApiError(
      'invalid_request',
      'A value of the request cannot be stored: it is out of range or not plain text.',
    );
  }
  return null;
}

function respondApiError(error: ApiError): Response {
  const body: ApiErrorBody = {
    error: { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) },
  };
  return respondJson(body, ERROR_STATUS[error.code], error.headers);
}

/** SQLSTATE class 22: a value that PostgreSQL cannot take. The last net under the checks of each route. */
function isUnstorable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^22...$/.test(error.code);
}
