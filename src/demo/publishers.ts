import type { PortalFields } from '#lib/portals/portal.ts';
import type { PhoneRange } from './demo-people.ts';
import type { DemoPermit } from './demo-permits.ts';

export type DemoRow = Record<string, string | number | null>;

/** A fictional publisher: how it writes permits in its own columns, and how the registry reads them back. */
export interface Publisher {
  slug: string;
  kind: 'arcgis' | 'socrata' | 'ckan';
  name: string;
  state: string;
  county: string | null;
  city: string;
  /** The numbers of its people. */
  phones: PhoneRange;
  zipPrefix: string;
  officeDomain: string;
  seedOffset: number;
  /** Rows of one answer at most, whatever is asked for. */
  pageCap: number;
  /** Its share of all generated rows. */
  share: number;
  /** Column name → type in the publisher's own words. */
  columns: Record<string, 'id' | 'text' | 'number' | 'date'>;
  toRow(permit: DemoPermit): DemoRow;
  fields: PortalFields;
}

const CICADA: Publisher = {
  slug: 'cicada-county',
  kind: 'arcgis',
  name: 'Cicada County',
  state: 'GA',
  county: 'Cicada',
  city: 'Cicada Falls',
  phones: { first: 100, count: 2_500 },
  zipPrefix: '309',
  officeDomain: 'permits.cicada.example.com',
  seedOffset: 0x1f,
  pageCap: 100,
  share: 0.5,
  columns: {
    OBJECTID: 'id',
    applicationNumber: 'text',
    issuedDateTime: 'date',
    workDescription: 'text',
    locationLine1: 'text',
    cityName: 'text',
    zipCode: 'text',
    declaredValuation: 'number',
    ownerName: 'text',
    ownerPhone: 'text',
    ownerEmail: 'text',
    contractorName: 'text',
    contractorFirm: 'text',
    contractorPhone: 'text',
  },
  toRow: (permit) => ({
    OBJECTID: permit.rowId,
    applicationNumber: permit.number,
    issuedDateTime: permit.issuedAt.getTime(),
    workDescription: permit.description,
    locationLine1: permit.street.toUpperCase(),
    cityName: permit.city.toUpperCase(),
    zipCode: permit.zip,
    declaredValuation: permit.value,
    ownerName: permit.owner.name.toUpperCase(),
    ownerPhone: permit.owner.phone,
    ownerEmail: permit.owner.email,
    contractorName: permit.contractor?.person.name ?? null,
    contractorFirm: permit.contractor?.company ?? null,
    contractorPhone: permit.contractor?.person.phone ?? null,
  }),
  fields: {
    id: 'OBJECTID',
    number: 'applicationNumber',
    date: 'issuedDateTime',
    description: 'workDescription',
    address: 'locationLine1',
    city: 'cityName',
    zip: 'zipCode',
    value: 'declaredValuation',
    contacts: [
      { role: 'owner', name: 'ownerName', phone: 'ownerPhone', email: 'ownerEmail' },
      { role: 'contractor', name: 'contractorName', company: 'contractorFirm', phone: 'contractorPhone' },
    ],
  },
};

const LANTERN: Publisher = {
  slug: 'lantern-springs',
  kind: 'socrata',
  name: 'City of Lantern Springs',
  state: 'GA',
  county: 'Cicada',
  city: 'Lantern Springs',
  phones: { first: 2_600, count: 1_700 },
  zipPrefix: '308',
  officeDomain: 'lanternsprings.example.com',
  seedOffset: 0x2f,
  pageCap: 200,
  share: 0.3,
  columns: {
    row_id: 'text',
    permit_number: 'text',
    issue_date: 'date',
    work_type: 'text',
    work_description: 'text',
    street_address: 'text',
    zip_code: 'text',
    estimated_cost: 'text',
    applicant_name: 'text',
    applicant_phone: 'text',
    contractor_company: 'text',
    contractor_email: 'text',
  },
  toRow: (permit) => ({
    row_id: `LS-${String(permit.rowId).padStart(7, '0')}`,
    permit_number: permit.number,
    issue_date: `${isoDay(permit.issuedAt)}T00:00:00.000`,
    work_type: 'RESIDENTIAL',
    work_description: permit.description,
    street_address: permit.street,
    zip_code: permit.zip,
    estimated_cost: String(permit.value),
    applicant_name: permit.owner.name,
    applicant_phone: permit.owner.phone.replaceAll(/[^\d]/g, ''),
    contractor_company: permit.contractor?.company ?? null,
    contractor_email: permit.contractor?.person.email ?? null,
  }),
  fields: {
    id: 'row_id',
    number: 'permit_number',
    date: 'issue_date',
    description: ['work_type', 'work_description'],
    address: 'street_address',
    zip: 'zip_code',
    value: 'estimated_cost',
    contacts: [
      { role: 'applicant', name: 'applicant_name', phone: 'applicant_phone' },
      { role: 'contractor', company: 'contractor_company', email: 'contractor_email' },
    ],
  },
};

const PINEHOLLOW: Publisher = {
  slug: 'pinehollow-county',
  kind: 'ckan',
  name: 'Pinehollow County',
  state: 'GA',
  county: 'Pinehollow',
  city: 'Pinehollow',
  phones: { first: 4_300, count: 1_100 },
  zipPrefix: '313',
  officeDomain: 'pinehollow.example.org',
  seedOffset: 0x3f,
  pageCap: 150,
  share: 0.2,
  columns: {
    _id: 'id',
    'PERMIT #': 'text',
    'DATE ISSUED': 'text',
    'PROJECT NAME': 'text',
    ADDRESS: 'text',
    'DECLARED VALUE': 'text',
    'PRIMARY CONTACT': 'text',
    'CONTACT TYPE': 'text',
  },
  toRow: (permit) => ({
    _id: permit.rowId,
    'PERMIT #': permit.number,
    'DATE ISSUED': usDay(permit.issuedAt),
    'PROJECT NAME': permit.description,
    ADDRESS: `${permit.street}, ${permit.city}`,
    'DECLARED VALUE': `$${permit.value.toLocaleString('en-US')}`,
    'PRIMARY CONTACT': permit.contractor?.company ?? permit.owner.name,
    'CONTACT TYPE': permit.contractor ? 'CONTRACTOR' : 'OWNER',
  }),
  fields: {
    id: '_id',
    number: 'PERMIT #',
    date: 'DATE ISSUED',
    description: 'PROJECT NAME',
    address: 'ADDRESS',
    value: 'DECLARED VALUE',
    contacts: [{ role: { field: 'CONTACT TYPE' }, name: 'PRIMARY CONTACT' }],
  },
};

/** One per dialect. */
export const PUBLISHERS: readonly Publisher[] = [CICADA, LANTERN, PINEHOLLOW];

function isoDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function usDay(date: Date): string {
  const [year, month, day] = isoDay(date).split('-');
  return `${month}/${day}/${year}`;
}
