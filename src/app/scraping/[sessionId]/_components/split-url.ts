/** An address in two parts for reading: scheme and host, then the rest. Text that is no address is all rest. */
export function splitUrl(url: string): { host: string; path: string } {
  const parsed = URL.parse(url);
  if (parsed === null || !url.startsWith(parsed.origin)) return { host: '', path: url };
  return { host: parsed.origin, path: url.slice(parsed.origin.length) };
}
