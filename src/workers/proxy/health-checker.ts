import type { Logger } from '#lib/logger.ts';
import { RepeatingTask } from '../repeating-task.ts';
import type { HealthChange } from './health-store.ts';
import type { PasswordSafe } from './password-safe.ts';
import { readEndpoint } from './pool-snapshot.ts';
import { type CheckResult, checkProxy, type DirectLook, type EchoEndpoint, lookDirectly } from './proxy-check.ts';
import type { ProxyEvent } from './proxy-health.ts';
import type { ProxyStore } from './proxy-store.ts';

export interface HealthCheckerOptions {
  store: Pick<ProxyStore, 'find' | 'applyCheck' | 'claimChecks' | 'nextCheckInMs'>;
  passwords: PasswordSafe;
  echo: EchoEndpoint;
  onChange: (changes: readonly HealthChange[]) => void;
  logger: Logger;
}

/** Without proxies, one cheap statement a minute. */
const IDLE_MS = 60_000;
/** Longest wait while there are proxies: a check that a person asks for starts within it, even when nobody wakes us. */
const LOOK_MS = 15_000;
/** Due, but others have them or nobody here can read their passwords. */
const TAKEN_MS = 5_000;
/** Wake-ups come with all sorts of news: no more than one look follows within this. */
const NUDGE_GAP_MS = 1_000;
const CONCURRENT_MAX = 8;
/** For how long a look at the endpoint without a proxy says something. */
const DIRECT_LOOK_MS = 60_000;
/** At most so many are passed over because of their passwords; more cost their look once a minute. */
const UNREADABLE_MAX = 1_000;

/**
 * Checks proxies when they are due. Any number of workers may run one: each check is claimed by one of them, so a proxy that is
 * tried again sees one check at a time.
 */
export class HealthChecker {
  readonly #options: HealthCheckerOptions;
  readonly #task: RepeatingTask;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #unreadable = new Set<number>();
  #direct: { look: DirectLook; atMs: number } | null = null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #isStarted = false;

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
    this.#task = new RepeatingTask({
      run: () => this.#look(),
      intervalMs: IDLE_MS,
      failureCapMs: IDLE_MS,
      onTrouble: (error) => {
        if (error !== null) options.logger.debug({ err: error }, 'Proxies cannot be checked; trying again');
      },
    });
  }

  start(): void {
    this.#isStarted = true;
    this.#task.start();
  }

  /** Something may be due. */
  nudge(): void {
    if (!this.#isStarted) return;
    this.#task.soon(Math.max(0, this.#lookedAtMs + NUDGE_GAP_MS - performance.now()));
  }

  /** Gives up the checks under way; they count for nothing. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#task.stop();
    await Promise.all(this.#running);
  }

  async #look(): Promise<void> {
    this.#lookedAtMs = performance.now();
    const free = CONCURRENT_MAX - this.#running.size;
    const dueInMs = await this.#options.store.nextCheckInMs();
    if (dueInMs === null || free === 0) return;
    if (dueInMs > 0) return this.#task.soon(Math.min(dueInMs, LOOK_MS));
    const direct = await this.#lookDirectly();
    if (direct.kind === 'other-key' || this.#stopping.signal.aborted) return;
    const changes = await this.#options.store.claimChecks(free, [...this.#unreadable], this.#options.passwords.hasKey);
    this.#options.onChange(changes);
    for (const { id } of changes) this.#start(id, direct);
    this.#task.soon(changes.length === 0 ? TAKEN_MS : 0);
  }

  #start(id: number, direct: DirectLook): void {
    const check = this.#check(id, direct)
      .catch((error: unknown) => this.#options.logger.debug({ err: error, proxyId: id }, 'A check could not be noted'))
      .finally(() => {
        this.#running.delete(check);
        this.#task.soon(0);
      });
    this.#running.add(check);
  }

  async #check(id: number, direct: DirectLook): Promise<void> {
    const { passwords, echo, store, onChange } = this.#options;
    const proxy = await readEndpoint(store, passwords, id);
    if (proxy === null) {
      if (this.#unreadable.size >= UNREADABLE_MAX) this.#unreadable.clear();
      this.#unreadable.add(id);
      onChange(await store.applyCheck(id, { kind: 'check-undecided', error: UNREADABLE }, null));
      return;
    }
    const result = await checkProxy(echo, proxy, direct, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    onChange(await store.applyCheck(id, toEvent(result), result.kind === 'passed' ? result.sight : null));
  }

  /** Tells a dead proxy from a dashboard that is down, and a wrong key from a lying proxy. */
  async #lookDirectly(): Promise<DirectLook> {
    if (this.#direct !== null && performance.now() - this.#direct.atMs < DIRECT_LOOK_MS) return this.#direct.look;
    const look = await lookDirectly(this.#options.echo, this.#stopping.signal);
    if (look.kind === 'other-key' && this.#direct?.look.kind !== 'other-key') {
      this.#options.logger.error(
        { echoUrl: this.#options.echo.url },
        'This machine checks no proxies: its EKO_SECRET_KEY is not that of the dashboard',
      );
    }
    // A dashboard that is down is asked again soon.
    this.#direct = { look, atMs: performance.now() - (look.kind === 'ours' ? 0 : DIRECT_LOOK_MS - LOOK_MS) };
    return look;
  }
}

const UNREADABLE = 'Its password cannot be read on a machine: EKO_SECRET_KEY must be the same everywhere';

function toEvent(result: CheckResult): ProxyEvent {
  switch (result.kind) {
    case 'passed':
      return { kind: 'check-passed', durationMs: result.durationMs };
    case 'failed':
      return { ...result, kind: 'check-failed' };
    case 'undecided':
      return { kind: 'check-undecided', error: result.error };
  }
}
