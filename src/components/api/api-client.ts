import type { ApiErrorBody } from '#lib/api/answer.ts';

/** An answer of the API that is not a success, or no answer at all (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  /** Messages by field name, for forms. */
  readonly fields: Record<string, string>;

  constructor(status: number, code: string, message: string, fields: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }

  /** True where waiting may help: no answer, or the server says that it cannot answer now. */
  get isOutage(): boolean {
    return this.status === 0 || this.status >= 502;
  }
}

export type QueryValue = string | number | boolean | null | undefined | readonly string[];

/** `/api/leads?source=permits`: empty values are left out, lists are joined with commas. */
export function apiPath(path: string, query: Record<string, QueryValue> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const text = Array.isArray(value) ? value.join(',') : value;
    if (text !== null && text !== undefined && text !== '') params.set(name, String(text));
  }
  const suffix = params.toString();
  return suffix === '' ? path : `${path}?${suffix}`;
}

export function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>(path, signal === undefined ? {} : { signal });
}

/**
 * Null for what does not exist. As an error it would be forgotten each time that it is asked for again, and the page that says so would
 * give way to its skeleton meanwhile.
 */
export async function findJson<T>(path: string, signal?: AbortSignal): Promise<T | null> {
  try {
    return await getJson<T>(path, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export function postJson<T>(path: string, body: unknown = {}): Promise<T> {
  return sendJson<T>('POST', path, body);
}

export function patchJson<T>(path: string, body: unknown): Promise<T> {
  return sendJson<T>('PATCH', path, body);
}

function sendJson<T>(method: string, path: string, body: unknown): Promise<T> {
  return request<T>(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

export function deleteJson<T>(path: string): Promise<T> {
  return request<T>(path, { method: 'DELETE' });
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'The server does not answer. It may be restarting.');
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw toApiError(response.status, body);
  return body as T;
}

function toApiError(status: number, body: unknown): ApiError {
  if (!isErrorBody(body)) {
    return new ApiError(status, 'unexpected', `The server answered with status ${status} and no explanation.`);
  }
  const details: unknown = body.error.details;
  return new ApiError(status, body.error.code, body.error.message, fieldMessages(details));
}

function isErrorBody(body: unknown): body is ApiErrorBody {
  return typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'object';
}

function fieldMessages(details: unknown): Record<string, string> {
  const entries = Array.isArray(details) ? details : [];
  const messages: Record<string, string> = {};
  for (const entry of entries) {
    if (typeof entry !== 'object' || entry === null || !('field' in entry) || !('message' in entry)) continue;
    messages[String(entry.field)] ??= String(entry.message);
  }
  return messages;
}
