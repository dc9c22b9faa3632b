import { z } from 'zod';
import { AppError, CallFailedError, DatabaseUnavailableError } from '#lib/errors.ts';
import { trimEndOf } from '#lib/trim-end-of.ts';
import type { SystemProxySettings } from '../fetch/connect/system-proxy.ts';
import { HttpClient } from '../fetch/http-client.ts';
import {
  CALLS,
  CALLS_VERSION,
  CALLS_VERSION_HEADER,
  type CallAnswer,
  type CallArgs,
  type CallName,
} from './calls/index.ts';

export interface ServerClientOptions {
  /** Of the dashboard, such as https://eko.example.com; a path in front of /api is kept. */
  serverUrl: string;
  /** A token of the role "worker". */
  token: string;
  /** The company's own proxy. */
  systemProxy?: SystemProxySettings;
  connectionsMax?: number;
  timeoutMs?: number;
}

/** The server understood what was asked and says no: asking again changes nothing. */
export class ServerRefusedError extends AppError {
  readonly code = 'server_refused';
  readonly disposition = 'retry';
  readonly status: number;
  /** The API's code of the refusal, such as "invalid_request"; "unknown" when something in front of the server refuses. */
  readonly reason: string;
  constructor(message: string, status: number, reason: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * The server is of an older release, which does not have this call. Thrown only for calls that may be missing, since servers that
 * speak the same version have all others: who makes one gets on without it.
 */
export class CallUnknownError extends DatabaseUnavailableError {}

/** Longer than the server lets a statement run, so that its answer is heard. */
const TIMEOUT_MS = 25_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Shorter than the servers and proxies that are known keep an idle connection: they would close it under a call. */
const KEEP_ALIVE_MS = 4_000;

/** Of an answer, as it is sent and as it is read: room for the largest batch of sessions. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** A call ends with its answer, with its time, or with the client. */
const NEVER = new AbortController().signal;

/** Refusals of what was asked; everything else is said of who asks, or of a server that is not well, and may pass. */
const FINAL_STATUSES = [400, 409, 415, 422];

/**
 * What our server says of one call while it may well do others: it failed at it, or the call is about what another token owns. Where it
 * says so of every call, that is found out by the other calls.
 */
const ONE_CALL_STATUSES = [403, 500];

/** The call is too large: just as final, and said by proxies in front of the server too, in words of their own. */
export const TOO_LARGE = 413;

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Asks the server of a dashboard what other workers ask the database. */
export class ServerClient {
  readonly #options: ServerClientOptions;
  readonly #http: HttpClient;

  /** @throws InvalidInputError when a setting of the company's proxy cannot be used. */
  constructor(options: ServerClientOptions) {
    this.#options = options;
    const { protocol, hostname, port } = new URL(options.serverUrl);
    this.#http = new HttpClient({
      userAgent: 'eko-worker',
      // Whoever runs this machine named the server: it may well be in the local network.
      allow: [`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`],
      limits: { wireBytesMax: ANSWER_BYTES_MAX, decodedBytesMax: ANSWER_BYTES_MAX },
      systemProxy: options.systemProxy ?? {},
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      connectionsMax: options.connectionsMax ?? 8,
    });
  }

  /**
   * @throws DatabaseUnavailableError when nobody answers, or somebody who does not let us in: for a worker that is the same as a
   *   database that is away. CallFailedError, which is one too, when that may be so for this call only. ServerRefusedError for what
   *   will not become better.
   */
  async call<Name extends CallName>(name: Name, args: CallArgs<Name>): Promise<CallAnswer<Name>> {
    const { args: argsSchema, answer: answerSchema } = CALLS[name];
    const { status, body } = await this.#post(name, z.encode(argsSchema, args as never));
    if (status !== 200) throw refusalOf(name, status, body);
    const parsed = z.safeDecode(answerSchema, (body as { answer?: unknown } | null)?.answer as never);
    if (parsed.success) return parsed.data as CallAnswer<Name>;
    // A login page of the network, or another program at this address.
    throw new DatabaseUnavailableError(`The answer to "${name}" is not one of our server.`, { cause: parsed.error });
  }

  async close(): Promise<void> {
    // Who closes waits for nothing any more: this ends the calls under way, too.
    await this.#http.close();
  }

  async #post(name: CallName, args: unknown): Promise<{ status: number; body: unknown }> {
    const { serverUrl, token, timeoutMs = TIMEOUT_MS } = this.#options;
    const request = {
      url: new URL(`${trimEndOf(serverUrl, '/')}/api/workers/calls/${name}`),
      method: 'POST' as const,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        // Most answers are small, and the server has better things to do than to compress them.
        'accept-encoding': 'identity',
        [CALLS_VERSION_HEADER]: String(CALLS_VERSION),
      },
      body: JSON.stringify(args),
      timeoutMs,
      keepAliveMs: KEEP_ALIVE_MS,
    };
    const outcome = await this.#http.send(request, NEVER);
    if (outcome.kind === 'response') return { status: outcome.status, body: parseJson(outcome.body.toString()) };
    const { message, cause } = outcome;
    throw new DatabaseUnavailableError(`The server does not answer "${name}": ${message}`, { cause });
  }
}

function refusalOf(name: CallName, status: number, body: unknown): AppError {
  const parsed = errorBody.safeParse(body);
  const unsaid = status === TOO_LARGE ? 'a proxy in front of it takes no call of this size' : 'without saying why';
  const { code, message } = parsed.success ? parsed.data.error : { code: 'unknown', message: unsaid };
  const words = `The server answers "${name}" with ${status}: ${message}`;
  // A machine of another version waits until both are the same, and what it has found waits with it.
  const isPassing = code === 'other_version' && name !== 'findMisfit';
  const isFinal = parsed.success && FINAL_STATUSES.includes(status) && !isPassing;
  if (isFinal || status === TOO_LARGE) return new ServerRefusedError(words, status, code);
  if (status === 404 && code === 'not_found') return new CallUnknownError(words);
  const isOfOneCall = parsed.success && ONE_CALL_STATUSES.includes(status);
  return isOfOneCall ? new CallFailedError(words) : new DatabaseUnavailableError(words);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
