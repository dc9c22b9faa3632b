const ID_LENGTH_MAX = 100;

/** Lower-case letters, digits and single hyphens: "DeKalb County: Permits" → "dekalb-county-permits". */
export function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** The id of a portal, from its state and name: the same input gives the same id, so that adding it twice is one portal. */
export function portalId(input: { state: string; name: string }): string {
  const id = `${slug(input.state)}-${slug(input.name)}`.slice(0, ID_LENGTH_MAX).replace(/-{1,2}$/, '');
  return slug(input.name) === '' ? `${slug(input.state)}-portal` : id;
}
