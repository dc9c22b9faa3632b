import { z } from 'zod';
import type { ApiNode } from '#lib/api/node.ts';
import type { Executor } from '#lib/db/create-db.ts';
import type { NodeMode } from '#lib/db/schema/vocabulary.ts';
import { WORKERS_MAX } from '#lib/workers-max.ts';
import { QueueNotifier } from '#workers/queue/queue-notifier.ts';
import { ApiError } from '../api-error.ts';
import type { ServerContext } from '../context.ts';
import { listNodes } from './list-nodes.ts';

type NodeContext = Pick<ServerContext, 'db' | 'env' | 'publisher' | 'logger'>;

export const scaleSchema = z.strictObject({
  /** Null: as many as the manager was started with. */
  workers: z
    .int({ error: `must be a whole number from 0 to ${WORKERS_MAX}, or null for as many as it was started with` })
    .min(0)
    .max(WORKERS_MAX)
    .nullable(),
});

/**
 * Says how many workers a machine shall have; its manager sees to it within a heartbeat, mostly at once.
 * @returns the machine as it is now.
 * @throws ApiError 404.
 */
export function scaleNode(context: NodeContext, nodeId: string | undefined, workers: number | null): Promise<ApiNode> {
  return order(context, nodeId, (db, id) =>
    db.query('update nodes set desired_workers = $2::int where node_id = $1 returning node_id', [id, workers]),
  );
}

/**
 * `active`: works. `paused`: claims nothing more, and what runs goes on. `draining`: its workers also leave when they have finished.
 * @returns the machine as it is now.
 * @throws ApiError 404.
 */
export function setNodeMode(context: NodeContext, nodeId: string | undefined, mode: NodeMode): Promise<ApiNode> {
  return order(context, nodeId, (db, id) =>
    db.query('update nodes set mode = $2 where node_id = $1 returning node_id', [id, mode]),
  );
}

async function order(
  { db, publisher, logger }: NodeContext,
  given: string | undefined,
  write: (db: Executor, nodeId: string) => Promise<unknown[]>,
): Promise<ApiNode> {
  const nodeId = given ?? '';
  if (!isNodeId(nodeId) || (await write(db, nodeId)).length === 0) throw nodeNotFound(nodeId);
  // A manager that does not hear it looks at its row with its next heartbeat.
  new QueueNotifier(db, (error) => logger.debug({ err: error }, 'An order could not be announced')).notify('order');
  publisher.publish(['workers']);
  const [node] = await listNodes(db, nodeId);
  if (!node) throw nodeNotFound(nodeId);
  return node;
}

/** What NODE_ID allows, without control characters, which PostgreSQL does not take. */
const isNodeId = (text: string) => /^[^\p{Cc}\p{Cs}]{1,200}$/u.test(text);

function nodeNotFound(nodeId: string): ApiError {
  return new ApiError(
    'not_found',
    `There is no machine "${nodeId.slice(0, 100)}". GET /api/nodes and "npx eko nodes list" show them.`,
    {
      details: [{ field: 'id', message: 'is not known' }],
    },
  );
}
