import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** The part of the dashboard's address under which it echoes what it sees of a request. */
export const ECHO_PATH = '/api/echo';

export const ECHO_NONCE = /^[0-9a-f]{16,64}$/i;

/** What the echo endpoint saw of a request, signed so that nobody in between can make it up. */
export interface EchoAnswer extends EchoSight {
  signature: string;
}

interface EchoSight {
  nonce: string;
  /** The address that the request came from, as far as the dashboard can tell. */
  address: string;
  /** Only those that tell of proxies; names in lower case. */
  headers: Record<string, string>;
}

/** `foreign`: somebody else's page. `unsigned`: it has our shape and our nonce, but another key, or it was changed. */
export type EchoReading = { kind: 'ours'; answer: EchoAnswer } | { kind: 'foreign' } | { kind: 'unsigned' };

const answerSchema = z.object({
  nonce: z.string(),
  address: z.string(),
  headers: z.record(z.string(), z.string()),
  signature: z.string(),
});

/** HMAC-SHA256 over all that was seen, in hex. */
export function signEcho(sight: EchoSight, key: Buffer): string {
  const headers = Object.entries(sight.headers).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHmac('sha256', key)
    .update(JSON.stringify([sight.nonce, sight.address, headers]))
    .digest('hex');
}

/** Says whether a body is the answer of our echo endpoint to a request with this nonce. */
export function readEcho(body: Buffer, nonce: string, key: Buffer): EchoReading {
  const answer = answerSchema.safeParse(parseJson(body.toString('utf8'))).data;
  if (answer === undefined || answer.nonce !== nonce) return { kind: 'foreign' };
  const expected = Buffer.from(signEcho(answer, key));
  const given = Buffer.from(answer.signature);
  const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
  return isOurs ? { kind: 'ours', answer } : { kind: 'unsigned' };
}

/** The echo endpoint of a dashboard that listens here, for programs of the same machine. */
export function localEchoUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}${ECHO_PATH}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: somebody else's page, as the caller says.
    return undefined;
  }
}
