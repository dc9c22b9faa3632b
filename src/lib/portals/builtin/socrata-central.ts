import type { PortalContact } from '../portal.ts';
import { BLDS, socrata } from './define-portal.ts';

/** Chicago lists up to 15 parties in numbered columns; the first five name the ones that matter. */
const CHICAGO_CONTACTS = [1, 2, 3, 4, 5].map(
  (number): PortalContact => ({ role: { field: `contact_${number}_type` }, name: `contact_${number}_name` }),
);

/** Socrata portals of the central states. */
export const SOCRATA_CENTRAL_PORTALS = [
  socrata('data.cityofchicago.org', 'ydr8-5enu', {
    name: 'Chicago building permits',
    state: 'IL',
    county: 'Cook County',
    city: 'Chicago',
    fields: {
      id: 'permit_',
      number: 'permit_',
      date: 'issue_date',
      description: ['permit_type', 'work_description'],
      address: ['street_number', 'street_direction', 'street_name'],
      value: 'reported_cost',
      contacts: CHICAGO_CONTACTS,
    },
  }),
  socrata('data.austintexas.gov', '3syk-w9eu', {
    name: 'Austin construction permits',
    state: 'TX',
    county: 'Travis County',
    city: 'Austin',
    fields: {
      id: 'permit_number',
      number: 'permit_number',
      date: 'issue_date',
      description: ['permit_type_desc', 'work_class', 'description'],
      address: 'original_address1',
      city: 'original_city',
      zip: 'original_zip',
      value: 'total_job_valuation',
      contacts: [
        {
          role: 'contractor',
          name: 'contractor_full_name',
          company: 'contractor_company_name',
          phone: 'contractor_phone',
        },
        { role: 'applicant', name: 'applicant_full_name', company: 'applicant_org', phone: 'applicant_phone' },
      ],
    },
  }),
  socrata('data.texas.gov', '82ee-gbj5', {
    name: 'Collin County permits',
    state: 'TX',
    county: 'Collin County',
    fields: {
      id: ['permitnum', 'situsconcat'],
      number: 'permitnum',
      date: 'permitissueddate',
      description: ['permittypedescr', 'permitcomments'],
      address: 'situsconcat',
      city: 'situscity',
      zip: 'situszip',
      value: 'permitvalue',
      contacts: [
        { role: 'owner', name: 'propownername' },
        { role: 'contractor', company: 'permitbuildername' },
      ],
    },
  }),
  socrata('data.kcmo.org', 'ntw8-aacc', {
    name: 'Kansas City building permits',
    state: 'MO',
    county: 'Jackson County',
    city: 'Kansas City',
    fields: {
      ...BLDS,
      description: ['permittypemapped', 'workclassmapped', 'description'],
      zip: 'originalzip',
      value: 'estprojectcost',
      contacts: [{ role: 'contractor', company: 'contractorcompanyname' }],
    },
  }),
  socrata('data.nola.gov', 'rcm3-fn58', {
    name: 'New Orleans building permits',
    state: 'LA',
    county: 'Orleans Parish',
    city: 'New Orleans',
    fields: {
      id: 'numstring',
      number: 'numstring',
      date: 'issuedate',
      description: ['type', 'description'],
      address: 'address',
      value: 'constrval',
      contacts: [
        { role: 'owner', name: 'owner' },
        { role: 'applicant', name: 'applicant' },
        { role: 'contractor', name: 'contractors' },
      ],
    },
  }),
  socrata('data.brla.gov', '7fq7-8j7r', {
    name: 'Baton Rouge building permits',
    state: 'LA',
    county: 'East Baton Rouge Parish',
    city: 'Baton Rouge',
    fields: {
      id: 'permitnumber',
      number: 'permitnumber',
      date: 'issueddate',
      description: ['permittype', 'projectdescription'],
      address: 'streetaddress',
      city: 'city1',
      zip: 'zip',
      value: 'projectvalue',
      contacts: [
        { role: 'owner', name: 'ownername' },
        { role: 'applicant', name: 'applicantname' },
        { role: 'contractor', company: 'contractorname' },
      ],
    },
  }),
];
