import { Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';

export interface FigureProps {
  label: string;
  /** What exactly it says, where the label is too short for it; told on hover. */
  hint?: string;
  /** Undefined while it is not known yet. */
  children: ReactNode;
}

/** One number that is read at a glance. */
export function Figure({ label, hint, children }: FigureProps) {
  return (
    <Paper withBorder bg="var(--eko-surface)" px="md" py="xs" title={hint}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fz={22} fw={650} lh={1.35} component="div" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {children ?? '…'}
      </Text>
    </Paper>
  );
}
