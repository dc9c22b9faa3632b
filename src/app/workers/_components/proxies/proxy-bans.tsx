import { Anchor, Popover, Stack, Text } from '@mantine/core';
import { plural } from '#components/format.ts';
import { UpcomingTime } from '#components/relative-time.tsx';
import type { ApiProxy } from '#lib/api/proxy.ts';
import { proxyAddress } from './proxy-facts.tsx';

/** The hosts that refuse this proxy now; everywhere else it is used. */
export function ProxyBans({ proxy }: { proxy: ApiProxy }) {
  if (proxy.bans.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        nobody
      </Text>
    );
  }
  const hosts = plural(proxy.bans.length, 'host');
  return (
    <Popover position="bottom-end" width={300} withArrow shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Anchor
          component="button"
          type="button"
          size="sm"
          aria-label={`${hosts} ${proxy.bans.length === 1 ? 'refuses' : 'refuse'} ${proxyAddress(proxy)}`}
        >
          {hosts}
        </Anchor>
      </Popover.Target>
      <Popover.Dropdown>
        <BanList proxy={proxy} />
      </Popover.Dropdown>
    </Popover>
  );
}

function BanList({ proxy: { bans } }: { proxy: ApiProxy }) {
  return (
    <Stack gap={8} mah={260} style={{ overflowY: 'auto' }}>
      {bans.map(({ hostKey, until, reason }) => (
        <div key={hostKey}>
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            {hostKey}
          </Text>
          <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
            {reason}
          </Text>
          <Text size="xs" c="dimmed" component="div">
            tried again <UpcomingTime at={until} past="with the next request" />
          </Text>
        </div>
      ))}
    </Stack>
  );
}
