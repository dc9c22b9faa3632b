/** "1 lead, 0 of them new", "12,345 leads, 1,200 of them new": what a session brought. */
export function leadsInWords(found: number, fresh: number): string {
  const leads = found === 1 ? 'lead' : 'leads';
  return `${found.toLocaleString('en-US')} ${leads}, ${fresh.toLocaleString('en-US')} of them new`;
}
