'use client';

import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconDownload, IconFileSpreadsheet, IconFileText } from '@tabler/icons-react';
import { apiPath } from '#components/api/api-client.ts';
import { useLeadFilters } from './use-lead-filters.ts';

const FORMATS = [
  { format: 'csv', label: 'CSV, for a spreadsheet', icon: IconFileSpreadsheet },
  { format: 'ndjson', label: 'NDJSON, with provenance', icon: IconFileText },
];

/** All leads that the filters match, not only those on the page. */
export function ExportMenu() {
  const { filters, isFiltered } = useLeadFilters();
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <Button
          variant="default"
          size="sm"
          leftSection={<IconDownload size={16} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
        >
          {isFiltered ? 'Export these' : 'Export all'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map(({ format, label, icon: Icon }) => (
          <Menu.Item
            key={format}
            component="a"
            href={apiPath('/api/leads/export', { ...filters, format })}
            download
            leftSection={<Icon size={16} aria-hidden />}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
