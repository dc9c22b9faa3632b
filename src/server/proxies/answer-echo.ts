import { ECHO_NONCE, type EchoAnswer, signEcho } from '#lib/echo-answer.ts';
import { deriveKey } from '#lib/secret-key.ts';
import { ApiError, fieldError } from '../api-error.ts';
import { clientAddress } from '../auth/client-address.ts';
import type { ServerContext } from '../context.ts';

/** By these a site tells that a proxy is in between, or who is behind it. */
const TELLING_HEADERS = [
  'via',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded',
  'forwarded-for',
  'x-real-ip',
  'x-client-ip',
  'client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-originating-ip',
  'x-proxy-id',
  'x-proxyuser-ip',
  'proxy-connection',
  'proxy-authorization',
];

const VALUE_LENGTH_MAX = 200;

/**
 * Says what this request looks like from here, signed, so that a check through a proxy can tell our answer from anybody else's.
 * Open to all and cheap: no database, a few hundred bytes.
 * @throws ApiError 400 without a nonce of 16 to 64 hex digits, 503 where there is no key to sign with.
 */
export function answerEcho(
  request: Request,
  nonce: string | null,
  env: Pick<ServerContext['env'], 'EKO_SECRET_KEY'>,
): EchoAnswer {
  if (nonce === null || !ECHO_NONCE.test(nonce)) {
    throw fieldError('invalid_request', 'nonce', 'must be 16 to 64 hex digits');
  }
  if (env.EKO_SECRET_KEY === undefined) {
    throw new ApiError('echo_unavailable', 'Proxies cannot be checked here: EKO_SECRET_KEY is not set.');
  }
  const headers = TELLING_HEADERS.flatMap((name) => {
    const value = request.headers.get(name);
    return value === null ? [] : [[name, value.slice(0, VALUE_LENGTH_MAX)] as const];
  });
  const sight = { nonce, address: withoutMapping(clientAddress(request)), headers: Object.fromEntries(headers) };
  return { ...sight, signature: signEcho(sight, deriveKey(env.EKO_SECRET_KEY, 'echo-signature')) };
}

/** A server that listens on all addresses sees IPv4 as IPv6. */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
