import { Stack, Text, Title } from '@mantine/core';
import type { IconInbox } from '@tabler/icons-react';
import type { ReactNode } from 'react';

export interface EmptyPanelProps {
  icon: typeof IconInbox;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** It is all that the page shows, so its title is the page's. */
  isPage?: boolean;
}

/** Nothing to show, and what to do about it. */
export function EmptyPanel({ icon: Icon, title, children, action, isPage = false }: EmptyPanelProps) {
  return (
    <Stack align="center" gap={6} px="md" py={40} ta="center">
      <Icon size={34} stroke={1.4} color="var(--mantine-color-dimmed)" aria-hidden />
      <Title order={isPage ? 1 : 2} fz="md">
        {title}
      </Title>
      {children !== undefined && (
        <Text size="sm" c="dimmed" maw={460} component="div">
          {children}
        </Text>
      )}
      {action !== undefined && <div style={{ marginTop: 8 }}>{action}</div>}
    </Stack>
  );
}
