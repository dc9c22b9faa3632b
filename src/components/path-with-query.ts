export type PageQuery = Record<string, string | string[] | undefined>;

/** A page's own address, so that signing in leads back to the same filters. */
export function pathWithQuery(path: string, query: PageQuery): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const text of value === undefined ? [] : [value].flat()) params.append(name, text);
  }
  const suffix = params.toString();
  return suffix === '' ? path : `${path}?${suffix}`;
}
