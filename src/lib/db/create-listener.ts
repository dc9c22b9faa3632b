import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { jitteredBackoffMs } from '../backoff.ts';

export interface ListenerOptions {
  /** A direct connection, not one through a transaction-mode pooler. */
  connectionString: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  channels: readonly string[];
  onNotification: (channel: string, payload: string) => void;
  /** Listening (again): whatever was sent before was not heard. */
  onConnect?: (() => void) | undefined;
  onDisconnect?: ((error: Error) => void) | undefined;
  /**
   * The server answers, but no notification ever comes back: a pooler in transaction mode stands in between. Called for each
   * connection that turns out so, instead of onDisconnect, and onConnect for the next try: now and then something is told at least.
   */
  onDeaf?: ((error: Error) => void) | undefined;
  /** How often the connection sends itself a notification, from its start on; default 9 s. */
  pingIntervalMs?: number;
  /** Without an answer for this long the connection counts as dead; default 5 s. */
  pingTimeoutMs?: number;
}

export interface DbListener {
  /** Ends the connection; no callback is called after it. */
  close(): Promise<void>;
}

const RECONNECT_BASE_MS = 200;
const RECONNECT_CAP_MS = 10_000;
/** A pooler will not go away soon. */
const DEAF_RECONNECT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Of the connection beside the one that listens, to connect and to notify each: together less than a ping may take. */
const OUTSIDE_TIMEOUT_MS = 2_000;

/** Statements are answered, notifications are not heard. */
class DeafConnectionError extends Error {
  override readonly name = 'DeafConnectionError';
  constructor() {
    super(
      'Statements are answered, but notifications do not arrive: a pooler in transaction mode seems to stand in between. Set DIRECT_DATABASE_URL to the address of the server itself.',
    );
  }
}

/**
 * Keeps one dedicated connection that listens. A LISTEN socket can die without any error (a firewall that forgets it, a
 * fail-over), so it sends itself a notification through the server and takes silence for death. Reconnects for ever with
 * jittered delays of at most 10 s. Callbacks that throw are not caught: they are the caller's bugs.
 */
export function createListener(options: ListenerOptions): DbListener {
  const closing = new AbortController();
  const running = runListener(options, closing.signal);
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

async function runListener(options: ListenerOptions, closing: AbortSignal): Promise<void> {
  for (let failures = 1; !closing.aborted; failures += 1) {
    const connection = new ListenConnection(options);
    const onClose = () => connection.end(new Error('The listener was closed.'));
    closing.addEventListener('abort', onClose);
    try {
      await orEnded(connection.listen(), connection.ended);
      failures = 0;
      if (!closing.aborted) options.onConnect?.();
    } catch (error) {
      connection.end(error as Error);
    }
    const reason = await connection.ended;
    closing.removeEventListener('abort', onClose);
    if (closing.aborted) return;
    const deaf = reason instanceof DeafConnectionError;
    if (deaf) options.onDeaf?.(reason);
    else options.onDisconnect?.(reason);
    const delayMs = deaf ? DEAF_RECONNECT_MS : jitteredBackoffMs(failures + 1, RECONNECT_BASE_MS, RECONNECT_CAP_MS);
    // Rejects when it is aborted, which the loop's condition sees.
    await wait(delayMs, undefined, { signal: closing }).catch(() => {});
  }
}

/** A connection that is ended while it is made leaves the promise of its making unsettled for ever. */
async function orEnded(listening: Promise<void>, ended: Promise<Error>): Promise<void> {
  await Promise.race([
    listening,
    ended.then((reason) => {
      throw reason;
    }),
  ]);
}

/** One connection from its start to its end; `ended` resolves with the reason and never rejects. */
class ListenConnection {
  readonly ended: Promise<Error>;
  readonly #options: ListenerOptions;
  readonly #client: pg.Client;
  readonly #socket = new Socket();
  readonly #pingChannel = `eko_ping_${crypto.randomUUID().replaceAll('-', '')}`;
  readonly #end: (reason: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.ended = promise;
    this.#end = resolve;
    this.#client = new pg.Client({
      connectionString: options.connectionString,
      application_name: options.applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      // Our own socket, since only destroying it ends a connection whose other side no longer answers.
      stream: () => this.#socket,
    });
    this.#client.on('error', (error) => this.end(error));
    this.#client.on('end', () => this.end(new Error('The server closed the connection.')));
    this.#client.on('notification', ({ channel, payload }) => this.#receive(channel, payload ?? ''));
  }

  async listen(): Promise<void> {
    await this.#client.connect();
    for (const channel of [...this.#options.channels, this.#pingChannel]) {
      await this.#client.query(`listen ${pg.escapeIdentifier(channel)}`);
    }
    this.#ping((await this.#isPooled()) ? () => this.#notifyFromOutside() : () => this.#notify(this.#client));
  }

  end(reason: Error): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#client.end().catch(() => {});
    this.#socket.destroy();
    this.#end(reason);
  }

  #receive(channel: string, payload: string): void {
    if (this.#over) return;
    if (channel === this.#pingChannel) this.#pingLater();
    else this.#options.onNotification(channel, payload);
  }

  #pingLater(): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ping(() => this.#notify(this.#client)), this.#options.pingIntervalMs ?? 9_000);
  }

  #ping(notify: () => Promise<unknown>): void {
    if (this.#over) return;
    const timeoutMs = this.#options.pingTimeoutMs ?? 5_000;
    let answered = false;
    this.#timer = setTimeout(
      () =>
        this.end(
          answered ? new DeafConnectionError() : new Error(`The connection did not answer for ${timeoutMs} ms.`),
        ),
      timeoutMs,
    );
    notify().then(
      () => {
        answered = true;
      },
      (error: Error) => this.end(error),
    );
  }

  /** A pooler greets its clients with a number of its own, not with that of a process of the server. */
  async #isPooled(): Promise<boolean> {
    const { rows } = await this.#client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return rows[0]?.pid !== (this.#client as pg.Client & { processID: number | null }).processID;
  }

  /**
   * From another connection, as everybody else's notifications come: a pooler in transaction mode that has nothing else to do gives
   * a client the same connection again, on which it hears itself and nobody else. Where the pooler has no second connection to give,
   * as in session mode with a full pool, the first one has to do.
   */
  async #notifyFromOutside(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.connectionString,
      application_name: this.#options.applicationName,
      connectionTimeoutMillis: OUTSIDE_TIMEOUT_MS,
      query_timeout: OUTSIDE_TIMEOUT_MS,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      await this.#notify(client);
    } catch {
      if (!this.#over) await this.#notify(this.#client);
    } finally {
      client.end().catch(() => {});
    }
  }

  #notify(client: pg.Client): Promise<unknown> {
    return client.query('select pg_notify($1, $2)', [this.#pingChannel, '']);
  }
}
