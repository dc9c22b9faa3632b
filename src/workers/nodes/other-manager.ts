import type { NodeBeatAnswer, NodeWish } from './node-store.ts';
import { standstillOf } from './standstill.ts';

/** Another manager that has written the row of our machine. */
export interface OtherManager {
  name: string;
  lastSeenAtMs: number;
  /** It has written again since it was first met: it is no leftover of a manager that was killed. */
  lives: boolean;
}

/** Takes in one more answer that the row is another's. */
export function meetOther(before: OtherManager | null, answer: NodeBeatAnswer & { kind: 'taken' }): OtherManager {
  const { owner, lastSeenAt } = answer;
  const name = `process ${owner.managerPid} on ${owner.hostname}`;
  const lastSeenAtMs = lastSeenAt.getTime();
  const isSame = before?.name === name;
  return { name, lastSeenAtMs, lives: isSame && (before.lives || lastSeenAtMs !== before.lastSeenAtMs) };
}

/**
 * What this manager goes by while the row is another's: its settings alone, for what people want of the row is meant for the other.
 * But a manager that comes back under another pid or host name finds its own row like this. So until the other is known to live, an
 * order to stand still counts; after a lease the row is this manager's.
 */
export function wishBeside({ lives }: OtherManager, wish: NodeWish, nodeId: string): NodeWish {
  return lives || standstillOf(wish, nodeId) === null ? NO_WISH : wish;
}

const NO_WISH: NodeWish = { mode: 'active', desiredWorkers: null };
