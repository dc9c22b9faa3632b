/**
 * Half of what nginx takes unless it is told otherwise, and other proxies may be like it: leaves room for what goes with the
 * items, such as position, progress and watermarks.
 */
export const SLICE_BYTES_MAX = 512 * 1024;

/** Parts items, in their order, so that each part fits into one call; one that is larger by itself goes alone. */
export function sliceItems<Item>(items: readonly Item[]): Item[][] {
  const slices: Item[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    // With its comma; a little more than on the way, where bytes are base64.
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    const slice = slices.at(-1);
    if (slice && bytes + size <= SLICE_BYTES_MAX) slice.push(item);
    else {
      slices.push([item]);
      bytes = 0;
    }
    bytes += size;
  }
  return slices;
}
