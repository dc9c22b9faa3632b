import type { ApiLead } from '#lib/api/lead.ts';

/** What to call a lead: the person, else the company, else the place. */
export function leadName({ id, name, company, address }: Pick<ApiLead, 'id' | 'name' | 'company' | 'address'>): string {
  return name ?? company ?? address ?? `Lead ${id}`;
}

/** "12 Oak St, Savannah, GA 31401", with what there is. */
export function leadPlace({ address, city, state, zip }: Pick<ApiLead, 'address' | 'city' | 'state' | 'zip'>): string {
  const region = [state, zip].filter((part) => part !== null).join(' ');
  return [address, city, region].filter((part) => part !== null && part !== '').join(', ');
}
