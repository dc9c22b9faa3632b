/**
 * The address a request seems to come from. The framework writes the peer's address into this header when the client sent
 * none; the last entry is the one that the nearest proxy added. Good for counting, not for trusting.
 */
export function clientAddress(request: Request): string {
  const last = request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim();
  return last ? last.slice(0, 100) : 'unknown';
}
