/** Connections to the database at most, by who opens them. */
export const CONNECTIONS = { manager: 4, heartbeat: 1, listener: 1, worker: 4 } as const;

/** What a manager and its workers may have open at once. */
export function connectionsNeeded(workerCount: number): number {
  return CONNECTIONS.manager + CONNECTIONS.heartbeat + CONNECTIONS.listener + workerCount * CONNECTIONS.worker;
}

/** SQL: of a server's connections those that an ordinary role may have. */
export const CONNECTIONS_USABLE = `current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0)`;
