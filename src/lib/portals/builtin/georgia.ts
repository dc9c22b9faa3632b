import type { PortalFields } from '../portal.ts';
import { arcgis } from './define-portal.ts';

/** Savannah repeats a permit number over addresses, and object ids change with its weekly reload. */
const SAVANNAH_FIELDS: PortalFields = {
  id: ['PermitNumber', 'Address'],
  number: 'PermitNumber',
  date: 'IssuedDate_DATE',
  description: ['PermitType', 'WorkClass', 'Description'],
  address: 'Address',
  value: 'Permit_Value',
  contacts: [{ role: 'applicant', name: 'ApplicantName' }],
};

const SAVANNAH = 'https://pub.sagis.org/arcgis/rest/services/Savannah';

/** Savannah's MapServer/0 shows the rows of both layers below once more, so it is not listed. */
export const GEORGIA_PORTALS = [
  arcgis({
    name: 'DeKalb County building permits',
    state: 'GA',
    county: 'DeKalb County',
    url: 'https://dcgis.dekalbcountyga.gov/mapping/rest/services/Building_Permit_Applications/FeatureServer/0',
    fields: {
      id: 'applicationNumber',
      number: 'applicationNumber',
      date: 'applicationDateTime',
      description: [
        'applicationType_description',
        'WorkTypeDescription',
        'OccupancyTypeDescription',
        'applicationName',
        'comments',
      ],
      address: 'locationLine1',
      value: 'declaredValuation',
      contacts: [
        {
          role: { field: 'primaryContactType' },
          name: 'primaryContactName',
          phone: 'primaryContactPhone',
          email: 'primaryContactEMailAddress',
        },
      ],
    },
  }),
  arcgis({
    name: 'Savannah residential building permits',
    state: 'GA',
    county: 'Chatham County',
    city: 'Savannah',
    url: `${SAVANNAH}/BuildingPermit_FC/FeatureServer/1`,
    fields: SAVANNAH_FIELDS,
  }),
  arcgis({
    name: 'Savannah commercial building permits',
    state: 'GA',
    county: 'Chatham County',
    city: 'Savannah',
    url: `${SAVANNAH}/BuildingPermit_FC/FeatureServer/0`,
    fields: SAVANNAH_FIELDS,
  }),
  arcgis({
    name: 'Johns Creek building permits',
    state: 'GA',
    county: 'Fulton County',
    city: 'Johns Creek',
    url: 'https://services1.arcgis.com/bqfNVPUK3HOnCFmA/arcgis/rest/services/Building_Permits_Issued/FeatureServer/0',
    fields: {
      id: ['JobID', 'AddrLocationID'],
      number: 'JobID',
      date: 'ISSUE_DATE',
      description: 'JobTypeDescription',
      address: 'JobAddress',
    },
    note: 'Names nobody: addresses only.',
  }),
  arcgis({
    name: 'Alpharetta permits',
    state: 'GA',
    county: 'Fulton County',
    city: 'Alpharetta',
    url: 'https://alphagis.alpharetta.ga.us/arcgis/rest/services/OpenData/OpenData_PCE_Full/FeatureServer/3',
    fields: {
      id: 'CASE_NUMBER',
      number: 'CASE_NUMBER',
      date: 'DATE_ENTERED',
      description: ['CASE_TYPE_DESC', 'CASE_NAME'],
      address: 'Location',
    },
    note: 'Names no contacts; the case name may say whose project it is.',
  }),
  arcgis({
    name: 'Atlanta building permits',
    state: 'GA',
    county: 'Fulton County',
    city: 'Atlanta',
    url: 'https://services5.arcgis.com/5RxyIIJ9boPdptdo/arcgis/rest/services/Building_Permit_latest/FeatureServer/0',
    fields: {
      id: 'RecordID',
      number: 'RecordID',
      date: 'OrigOpened',
      description: ['TypeCombo', 'Name'],
      address: 'Address',
      value: 'JobValue',
    },
    note: 'Not updated since 2026-01-29 when last looked at.',
  }),
  arcgis({
    name: 'Atlanta building permits, one district',
    state: 'GA',
    county: 'Fulton County',
    city: 'Atlanta',
    url: 'https://services5.arcgis.com/5RxyIIJ9boPdptdo/arcgis/rest/services/AMS_BuildingPermits/FeatureServer/66',
    fields: {
      id: 'RECORD_ID',
      number: 'RECORD_ID',
      date: 'DATE_OPENED',
      description: ['RECORD_TYPE', 'RECORD_NAME'],
      address: 'ADDR_FULL_LINE',
      value: 'JOB_VALUE',
    },
    note: 'An extract of one district, not the whole city.',
  }),
];
