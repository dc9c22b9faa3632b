import { readFileSync } from 'node:fs';
import type { TestPostgres } from '#test/postgres-server.ts';
import { startTestPostgres } from '#test/postgres-server.ts';
import {
  isSynchronous,
  PRIMARY_SETTINGS,
  requireStandby,
  startStandby,
  type TestStandby,
} from '#test/postgres-standby.ts';
import { TcpFaultProxy } from '#test/tcp-fault-proxy.ts';
import { waitFor } from '#test/wait-for.ts';
import { signalQuietly } from './chaos-manager.ts';

const SETTINGS = { ...PRIMARY_SETTINGS, synchronous_commit: 'on', max_connections: '300' };

/**
 * How a primary is lost: it crashes, which breaks all connections; or its machine hangs, which closes none of them, so that whoever
 * waits for an answer waits for ever.
 */
export type PrimaryLoss = 'crashed' | 'hangs';

/** A primary and its synchronous standby, behind one address that moves from the one to the other. */
export class ReplicatedDatabase {
  readonly proxy: TcpFaultProxy;
  #primary: TestPostgres;
  #standby: TestStandby | null = null;
  #lost: TestPostgres[] = [];

  private constructor(primary: TestPostgres, proxy: TcpFaultProxy) {
    this.#primary = primary;
    this.proxy = proxy;
  }

  static async start(): Promise<ReplicatedDatabase> {
    const primary = await startTestPostgres(SETTINGS);
    return new ReplicatedDatabase(primary, await TcpFaultProxy.start({ port: primary.port }));
  }

  /** Of clients, who follow it from server to server. */
  get url(): string {
    return this.proxy.through(this.#primary.url);
  }

  /** The server that writes now, whatever the address says. */
  get primary(): TestPostgres {
    return this.#primary;
  }

  /** Gives the primary a standby; from then on a commit is acknowledged when both have it. */
  async attachStandby(): Promise<void> {
    this.#standby = await startStandby(this.#primary, SETTINGS);
    await requireStandby(this.#primary);
    await waitFor(() => isSynchronous(this.#primary), { timeoutMs: 60_000, what: 'the standby to follow' });
  }

  /**
   * Loses the primary and lets the standby take over.
   * @param readOnly what happens while the address has moved and the standby is not promoted yet.
   */
  async failOver(loss: PrimaryLoss, readOnly: () => Promise<void>): Promise<void> {
    const standby = this.#standby;
    if (!standby) throw new Error('There is no standby to take over');
    if (!(await isSynchronous(this.#primary))) throw new Error('The standby does not follow synchronously');
    await lose(this.#primary, loss);
    this.#lost.push(this.#primary);
    this.proxy.retarget(standby.port);
    await readOnly();
    await standby.promote();
    this.#primary = standby;
    this.#standby = null;
  }

  /** Those that hang end as well, and close what their clients may still hold. */
  async dropLost(): Promise<void> {
    for (const server of this.#lost.splice(0)) {
      await destroy(server);
      await server.drop();
    }
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.#standby?.drop();
    await this.#primary.drop();
    await this.dropLost();
  }
}

async function lose(server: TestPostgres, loss: PrimaryLoss): Promise<void> {
  if (loss === 'crashed') return await server.kill();
  // The postmaster first, which then starts no further ones.
  signalQuietly(server.running().pid, 'SIGSTOP');
  for (const pid of childrenOf(server.running().pid)) signalQuietly(pid, 'SIGSTOP');
}

async function destroy(server: TestPostgres): Promise<void> {
  const { pid } = server.running();
  // With the postmaster, which counts as gone only once nobody holds its log any more.
  for (const member of [pid, ...childrenOf(pid)]) signalQuietly(member, 'SIGKILL');
  await server.kill();
}

/** Each of them has a process group of its own. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    // It has ended.
    return [];
  }
}
