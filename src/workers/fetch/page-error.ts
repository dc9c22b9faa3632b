import {
  AddressRefusedError,
  type AppError,
  BlockedError,
  FetchTimeoutError,
  HostUnknownError,
  LayoutChangedError,
  NetworkError,
  PageGoneError,
  ProxyError,
  RequestRefusedError,
  UnusableBodyError,
} from '#lib/errors.ts';
import { shownUrl } from '../pages/shown-url.ts';
import type { PageResult, ResultKind } from './page-result.ts';

type ErrorClass = new (message: string, options: { context: Record<string, unknown>; cause?: unknown }) => AppError;

/** Kinds after which a page is given up; the others are never an error. */
const ERRORS: Record<Exclude<ResultKind, 'done' | 'not-modified' | 'redirect' | 'throttled'>, ErrorClass> = {
  'auth-wall': BlockedError,
  'layout-changed': LayoutChangedError,
  forbidden: BlockedError,
  blocked: BlockedError,
  gone: PageGoneError,
  'request-wrong': RequestRefusedError,
  'not-yet': NetworkError,
  'server-error': NetworkError,
  network: NetworkError,
  timeout: FetchTimeoutError,
  'dns-unavailable': HostUnknownError,
  'host-unknown': HostUnknownError,
  certificate: NetworkError,
  'address-refused': AddressRefusedError,
  unusable: UnusableBodyError,
  'proxy-fault': ProxyError,
  'proxy-refused': NetworkError,
  'proxy-auth': ProxyError,
};

/** The error that a scraper sees when its page is given up. */
export function pageErrorOf(
  { kind, reason }: PageResult,
  url: URL,
  context: Record<string, unknown>,
  cause?: unknown,
): AppError {
  const ErrorClass = kind in ERRORS ? ERRORS[kind as keyof typeof ERRORS] : RequestRefusedError;
  const shown = shownUrl(url.href);
  return new ErrorClass(`"${shown}" could not be read: ${reason}`, {
    context: { url: shown, ...context },
    ...(cause === undefined ? {} : { cause }),
  });
}
