import type { PortalFields } from '../portal.ts';
import { socrata } from './define-portal.ts';

const MONTGOMERY_FIELDS: PortalFields = {
  id: 'permitno',
  number: 'permitno',
  date: 'addeddate',
  description: ['applicationtype', 'worktype', 'usecode', 'description'],
  address: ['stno', 'stname', 'suffix'],
  city: 'city',
  zip: 'zip',
  value: 'declaredvaluation',
  contacts: [],
};

const montgomery = (id: string, trade: string) =>
  socrata('data.montgomerycountymd.gov', id, {
    name: `Montgomery County ${trade} permits`,
    state: 'MD',
    county: 'Montgomery County',
    fields: MONTGOMERY_FIELDS,
    note: 'Names nobody: addresses only.',
  });

/** Socrata portals of the eastern states. */
export const SOCRATA_EAST_PORTALS = [
  socrata('data.cityofnewyork.us', 'rbx6-tga4', {
    name: 'New York City approved permits',
    state: 'NY',
    city: 'New York',
    fields: {
      id: ['job_filing_number', 'work_type'],
      number: 'job_filing_number',
      date: 'issued_date',
      description: ['work_type', 'job_description'],
      address: ['house_no', 'street_name'],
      city: 'borough',
      contacts: [{ role: 'owner', name: 'owner_name', company: 'owner_business_name' }],
    },
  }),
  montgomery('m88u-pqki', 'residential'),
  montgomery('i26v-w6bd', 'commercial'),
  montgomery('qxie-8qnp', 'electrical'),
  socrata('data.princegeorgescountymd.gov', 'weik-ttee', {
    name: "Prince George's County permits",
    state: 'MD',
    county: "Prince George's County",
    fields: {
      id: 'permit_case_id',
      number: 'permit_case_id',
      date: 'permit_issuance_date',
      description: ['permit_type', 'permit_category', 'case_name'],
      address: 'street_address',
      city: 'city',
      zip: 'zip_code',
      value: 'expected_construction_cost',
    },
    note: 'Names nobody: addresses only.',
  }),
  socrata('data.norfolk.gov', 'fahm-yuh4', {
    name: 'Norfolk building permits',
    state: 'VA',
    city: 'Norfolk',
    fields: {
      id: 'permit_number',
      number: 'permit_number',
      date: 'issue_date',
      description: ['type', 'work_type', 'use_type'],
      address: 'address',
      value: 'project_cost',
    },
    note: 'Names nobody: addresses only.',
  }),
  socrata('data.somervillema.gov', 'vxgw-vmky', {
    name: 'Somerville building permits',
    state: 'MA',
    county: 'Middlesex County',
    city: 'Somerville',
    // Its column "amount" is the fee, not the value of the work.
    fields: { id: 'id', number: 'id', date: 'issue_date', description: ['type', 'work'], address: 'address' },
    note: 'Names nobody: addresses only.',
  }),
  socrata('data.framinghamma.gov', '2vzw-yean', {
    name: 'Framingham building permits',
    state: 'MA',
    county: 'Middlesex County',
    city: 'Framingham',
    fields: {
      id: 'permit',
      number: 'permit',
      date: 'applied',
      description: ['type', 'sub_type', 'description'],
      address: ['street_number', 'street_name'],
      value: 'estimated_job_cost',
    },
    note: 'Not updated since 2020-06-30 when last looked at.',
  }),
  socrata('data.cityoforlando.net', 'ryhf-m453', {
    name: 'Orlando permit applications',
    state: 'FL',
    county: 'Orange County',
    city: 'Orlando',
    fields: {
      id: 'permit_number',
      number: 'permit_number',
      date: 'issue_permit_date',
      description: ['application_type', 'worktype', 'project_name'],
      address: 'permit_address',
      value: 'estimated_cost',
      contacts: [
        { role: 'owner', name: 'property_owner_name' },
        { role: 'contractor', company: 'contractor_name', phone: 'contractor_phone_number' },
      ],
    },
  }),
  socrata('data.cityofgainesville.org', 'p798-x3nx', {
    name: 'Gainesville building permits',
    state: 'FL',
    county: 'Alachua County',
    city: 'Gainesville',
    fields: {
      id: 'permit',
      number: 'permit',
      date: 'submit',
      description: ['type', 'classification', 'subtype'],
      address: 'address',
      city: 'city',
      contacts: [
        { role: 'owner', name: 'primary_party' },
        { role: 'contractor', name: 'contractor', company: 'business' },
      ],
    },
    note: 'Not updated since 2023-02-28 when last looked at.',
  }),
];
