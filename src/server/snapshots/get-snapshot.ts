import type { ApiPageSnapshot } from '#lib/api/session.ts';
import type { Executor } from '#lib/db/create-db.ts';
import { ApiError, fieldError } from '../api-error.ts';
import { withIsoTimes } from '../with-iso-times.ts';

/** The page that was kept under a signature. @throws ApiError 400 for what is no signature, 404 when it is gone or expired. */
export async function getSnapshot(db: Executor, signature: string | undefined): Promise<ApiPageSnapshot> {
  if (signature === undefined || !/^[0-9a-f]{64}$/.test(signature)) {
    throw fieldError('invalid_request', 'signature', 'is not one that this API gave out');
  }
  const [row] = await db.query(
    `select signature, taken_at as "takenAt", last_seen_at as "lastSeenAt", seen_count as "seenCount", expires_at as "expiresAt",
       status, source, url, verdict, evidence, headers, body
     from page_snapshots where signature = $1 and expires_at > clock_timestamp()`,
    [signature],
  );
  if (row) return withIsoTimes<ApiPageSnapshot>(row);
  throw new ApiError('not_found', 'This page is not kept any more. Pages that failed are kept for seven days.', {
    details: [{ field: 'signature', message: 'is not known' }],
  });
}
