'use client';

import { Button, Checkbox, NativeSelect } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAdjustmentsHorizontal, IconFilterOff } from '@tabler/icons-react';
import { useSources } from '#components/api/queries.ts';
import { FilterInput } from '#components/filter-input.tsx';
import { FilterPill } from '#components/filter-pill.tsx';
import { SIGNAL_OPTIONS } from '#components/signals.tsx';
import { SIGNALS } from '#lib/db/schema/vocabulary.ts';
import { US_STATES } from '#lib/portals/us-states.ts';
import classes from './lead-filter-bar.module.css';
import { LEAD_ROLES } from './lead-roles.ts';
import { useLeadFilters } from './use-lead-filters.ts';

const STATE_OPTIONS = Object.entries(US_STATES).map(([value, label]) => ({ value, label }));

/** The search field is always there; on a phone the other filters fold away behind a button. */
export function LeadFilterBar() {
  const { filters, setFilters, clear, isFiltered } = useLeadFilters();
  const [opened, { toggle }] = useDisclosure(false);
  return (
    <search className={classes.bar} aria-label="Filter leads">
      <div className={classes.search}>
        <FilterInput
          label="Search"
          placeholder="Name, phone, address…"
          value={filters.text}
          onChange={(text) => setFilters({ text })}
        />
        <Button
          className={classes.toggle}
          variant="default"
          size="sm"
          leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
          onClick={toggle}
          aria-expanded={opened}
          aria-controls="lead-filters"
        >
          Filters
        </Button>
      </div>
      <div id="lead-filters" className={classes.rest} data-opened={opened || undefined}>
        <OtherFilters />
      </div>
      {isFiltered && (
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconFilterOff size={15} aria-hidden />}
          onClick={clear}
        >
          Clear filters
        </Button>
      )}
    </search>
  );
}

function OtherFilters() {
  const { filters, setFilters } = useLeadFilters();
  return (
    <>
      <FilterInput
        label="Location asked for"
        placeholder="Location"
        value={filters.location}
        onChange={(location) => setFilters({ location })}
        width={140}
      />
      <FilterSelect
        label="Signal"
        any="Any signal"
        value={filters.signal}
        options={SIGNAL_OPTIONS}
        onChange={(word) => setFilters({ signal: SIGNALS.find((signal) => signal === word) ?? null })}
      />
      <FilterSelect
        label="Role"
        any="Any role"
        value={filters.role}
        options={LEAD_ROLES}
        onChange={(role) => setFilters({ role })}
      />
      <FilterSelect
        label="State"
        any="Any state"
        value={filters.state}
        options={STATE_OPTIONS}
        onChange={(state) => setFilters({ state })}
      />
      <SourceSelect />
      <ContactBoxes />
      <LinkedFilters />
    </>
  );
}

function ContactBoxes() {
  const { filters, setFilters } = useLeadFilters();
  return (
    <>
      <Checkbox
        label="Has phone"
        checked={filters.hasPhone === true}
        onChange={(event) => setFilters({ hasPhone: event.currentTarget.checked || null })}
      />
      <Checkbox
        label="Has e-mail"
        checked={filters.hasEmail === true}
        onChange={(event) => setFilters({ hasEmail: event.currentTarget.checked || null })}
      />
    </>
  );
}

/** Filters that only links from other pages set. */
function LinkedFilters() {
  const { filters, setFilters } = useLeadFilters();
  return (
    <>
      {filters.sessionId !== null && (
        <FilterPill label={`Seen by session ${filters.sessionId}`} onClear={() => setFilters({ sessionId: null })} />
      )}
      {filters.batchId !== null && (
        <FilterPill label={`Batch ${filters.batchId.slice(0, 8)}`} onClear={() => setFilters({ batchId: null })} />
      )}
    </>
  );
}

function SourceSelect() {
  const { filters, setFilters } = useLeadFilters();
  const options = (useSources().data?.items ?? []).map(({ source, label }) => ({ value: source, label }));
  if (options.length < 2 && filters.source === null) return null;
  return (
    <FilterSelect
      label="Source"
      any="Any source"
      value={filters.source}
      options={options}
      onChange={(source) => setFilters({ source })}
    />
  );
}

interface FilterSelectProps {
  label: string;
  any: string;
  value: string | null;
  options: readonly { value: string; label: string }[];
  onChange: (value: string | null) => void;
}

/** The browser's own select: known to everybody, quick on a phone, and no popup to manage. */
function FilterSelect({ label, any, value, options, onChange }: FilterSelectProps) {
  const known = value === null || options.some((option) => option.value === value);
  const data = [{ value: '', label: any }, ...options, ...(known ? [] : [{ value, label: value }])];
  return (
    <NativeSelect
      aria-label={label}
      size="sm"
      data={data}
      value={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value || null)}
    />
  );
}
