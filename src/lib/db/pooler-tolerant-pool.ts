import pg from 'pg';

/** PgBouncer's answer to a start-up parameter that it does not know, and to nothing else that happens while connecting. */
const PROTOCOL_VIOLATION = '08P01';

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/**
 * A pool that also connects through PgBouncer. Time limits are sent as start-up parameters, which hold for the connection without
 * a statement of their own; PgBouncer refuses them unless its `ignore_startup_parameters` names them. Once that has happened this
 * pool leaves them out: `SET` instead would stay behind on connections that others get. The client's own deadlines hold all the same.
 */
export class PoolerTolerantPool extends pg.Pool {
  readonly #limits: { areSent: boolean };

  constructor(config: pg.PoolConfig) {
    const limits = { areSent: true };
    super({ ...config, Client: clientClass(limits) } as pg.PoolConfig);
    this.#limits = limits;
  }

  /** Whether connections come without the time limits of the server's side. */
  get isPlain(): boolean {
    return !this.#limits.areSent;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    const connecting = this.#connect();
    if (!callback) return connecting;
    connecting.then(
      (client) => callback(undefined, client, (release) => client.release(release as Error | undefined)),
      (error: Error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  /**
   * Throws away the connections that nobody uses now: where one has fallen silent, as after a fail-over to another machine, those made
   * with it have too, and each would cost its next user a whole deadline.
   */
  dropIdle(): void {
    for (let count = this.idleCount; count > 0; count -= 1) {
      this.connect().then(
        (client) => client.release(true),
        () => {},
      );
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    const sent = this.#limits.areSent;
    try {
      return await super.connect();
    } catch (error) {
      if (!sent || !(error instanceof Error && 'code' in error && error.code === PROTOCOL_VIOLATION)) throw error;
      this.#limits.areSent = false;
      return await super.connect();
    }
  }
}

/** Clients of one pool, which ask it at each connection whether the limits are sent. */
function clientClass(limits: { areSent: boolean }): typeof pg.Client {
  return class extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super(limits.areSent ? config : withoutLimits(config));
    }
  };
}

function withoutLimits({ statement_timeout: _, idle_in_transaction_session_timeout: __, ...config }: pg.ClientConfig) {
  return config;
}
