import type { ApiErrorDetail } from '#lib/api/answer.ts';

/** Every code that the API answers with, and its HTTP status. The only place where the two meet. */
export const ERROR_STATUS = {
  invalid_json: 400,
  invalid_request: 400,
  not_signed_in: 401,
  wrong_token: 401,
  cross_site_request: 403,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  already_finished: 409,
  not_finished: 409,
  portal_exists: 409,
  portal_not_removable: 409,
  proxy_disabled: 409,
  demo_off: 409,
  stale_claim: 409,
  bot_lost: 409,
  other_version: 409,
  body_too_large: 413,
  not_json: 415,
  unknown_source: 422,
  unknown_location: 422,
  invalid_params: 422,
  address_refused: 422,
  too_many_tries: 429,
  internal: 500,
  database_unavailable: 503,
  schema_mismatch: 503,
  echo_unavailable: 503,
  stopping: 503,
} as const;

export type ApiErrorCode = keyof typeof ERROR_STATUS;

export interface ApiErrorOptions {
  details?: ApiErrorDetail[];
  headers?: Record<string, string>;
  cause?: unknown;
}

/** A request that is answered with an error. The message is for the caller: what happened, the value, the way out. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly details: ApiErrorDetail[] | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }
}

/** A refusal that names the one field it is about; the message starts with the field's name. */
export function fieldError(code: ApiErrorCode, field: string, message: string): ApiError {
  return new ApiError(code, `${field}: ${message}`, { details: [{ field, message }] });
}
