import { DataList } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Fact {
  label: string;
  /** Facts without a value are left out. */
  value: ReactNode;
}

/** Labels with their values, one under the other. */
export function FactList({ facts, labelWidth = '96px' }: { facts: readonly Fact[]; labelWidth?: string }) {
  return (
    <DataList size="sm" gap={8} labelWidth={labelWidth}>
      {facts.map(({ label, value }) =>
        value === null || value === undefined || value === '' || value === false ? null : (
          <DataList.Item key={label}>
            <DataList.ItemLabel>{label}</DataList.ItemLabel>
            <DataList.ItemValue style={{ minWidth: 0 }}>{value}</DataList.ItemValue>
          </DataList.Item>
        ),
      )}
    </DataList>
  );
}
