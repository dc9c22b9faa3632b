import type { NormalizedLead } from '#lib/leads/lead.ts';
import { CALL_BYTES_MAX } from './calls/index.ts';
import { LEADS_MAX } from './calls/session-calls.ts';

/** Leaves room for position, progress and watermarks. */
const SLICE_BYTES_MAX = CALL_BYTES_MAX / 4;

/** Parts leads, in their order, so that each part fits into one call. */
export function sliceLeads(leads: readonly NormalizedLead[]): NormalizedLead[][] {
  const slices: NormalizedLead[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const lead of leads) {
    // A little more than on the way, where the key is base64.
    const size = Buffer.byteLength(JSON.stringify(lead));
    const slice = slices.at(-1);
    if (slice && bytes + size <= SLICE_BYTES_MAX && slice.length < LEADS_MAX) slice.push(lead);
    else {
      slices.push([lead]);
      bytes = 0;
    }
    bytes += size;
  }
  return slices;
}
