import { Group, Paper, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export interface PanelProps {
  title: string;
  hint?: ReactNode;
  actions?: ReactNode;
  /** No padding, for tables and lists that bring their own. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled part of a page. */
export function Panel({ title, hint, actions, flush = false, children }: PanelProps) {
  return (
    <Paper component="section" withBorder bg="var(--eko-surface)" aria-label={title} style={{ overflow: 'hidden' }}>
      <Group justify="space-between" px="md" py={9} gap="xs" style={{ borderBottom: '1px solid var(--eko-border)' }}>
        <Group gap="xs" align="baseline">
          <Title order={2} fz="sm">
            {title}
          </Title>
          {hint !== undefined && (
            <Text size="xs" c="dimmed" component="span">
              {hint}
            </Text>
          )}
        </Group>
        {actions}
      </Group>
      <div style={{ padding: flush ? 0 : 'var(--mantine-spacing-md)' }}>{children}</div>
    </Paper>
  );
}
