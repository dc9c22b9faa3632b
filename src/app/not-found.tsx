import { Anchor } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { EmptyPanel } from '#components/empty-panel.tsx';

export default function NotFound() {
  return (
    <EmptyPanel
      isPage
      icon={IconMapOff}
      title="There is no such page"
      action={<Anchor href="/scraping">Go to Scraping</Anchor>}
    >
      The address may be mistyped, or what it showed was removed.
    </EmptyPanel>
  );
}
