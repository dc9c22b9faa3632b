/** Something that a manager does again and again beside its workers, such as starting schedules. Any number of managers may do it at once. */
export interface ManagerDuty {
  /** For logs: what cannot be done while the database is away. */
  name: string;
  intervalMs: number;
  /** Also run at once when people have given an order to machines, and shortly after a worker has come or gone. */
  prompt?: boolean;
  /** One round. It must be safe to repeat and end soon after `signal` is aborted, which says that the manager stops. */
  run: (signal: AbortSignal) => Promise<void>;
}
