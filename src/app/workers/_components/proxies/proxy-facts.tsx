import { Group, Text } from '@mantine/core';
import { IconEyeOff, IconKey } from '@tabler/icons-react';
import { plural } from '#components/format.ts';
import { UpcomingTime } from '#components/relative-time.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { PROXY_WORDS } from '#components/state-words.ts';
import type { ApiProxy } from '#lib/api/proxy.ts';

/** How people know a proxy: never with its password. */
export function proxyAddress({ protocol, host, port }: Pick<ApiProxy, 'protocol' | 'host' | 'port'>): string {
  return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function ProxyName({ proxy }: { proxy: ApiProxy }) {
  return (
    <>
      <Text size="xs" ff="monospace" fw={600} style={{ overflowWrap: 'anywhere' }}>
        {proxyAddress(proxy)}
      </Text>
      {proxy.username !== null && (
        <Text size="xs" c="dimmed" component="div" style={{ overflowWrap: 'anywhere' }}>
          as {proxy.username}{' '}
          {proxy.hasPassword && <IconKey size={12} aria-label="with a password" style={{ verticalAlign: '-2px' }} />}
        </Text>
      )}
      <LastError proxy={proxy} />
    </>
  );
}

/** What went wrong last; of one that works, no cause for alarm. */
function LastError({ proxy: { lastError, status } }: { proxy: ApiProxy }) {
  if (lastError === null) return null;
  return (
    <Text
      size="xs"
      c={status === 'active' ? 'dimmed' : 'var(--eko-bad)'}
      lineClamp={2}
      title={lastError}
      style={{ overflowWrap: 'anywhere' }}
    >
      {status === 'active' ? `earlier: ${lastError}` : lastError}
    </Text>
  );
}

export function ProxyState({ proxy }: { proxy: ApiProxy }) {
  return (
    <>
      <StateLabel state={PROXY_WORDS[proxy.status]} />
      {proxy.status === 'cooling' && proxy.coolingUntil !== null && (
        <Text size="xs" c="dimmed" component="div">
          tried again <UpcomingTime at={proxy.coolingUntil} past="any moment" />
        </Text>
      )}
    </>
  );
}

/** The address that sites see, and what weakens it. */
export function ExitAddress({ proxy: { exitAddress, sharesExitWith, headerLeaks } }: { proxy: ApiProxy }) {
  return (
    <>
      <Text
        size="xs"
        ff="monospace"
        {...(exitAddress === null ? { c: 'dimmed' } : {})}
        style={{ overflowWrap: 'anywhere' }}
      >
        {exitAddress ?? 'not known yet'}
      </Text>
      {sharesExitWith > 0 && (
        <Text size="xs" c="dimmed">
          same as {plural(sharesExitWith, 'other')}
        </Text>
      )}
      {headerLeaks.length > 0 && (
        <Group gap={4} wrap="nowrap" align="flex-start" title={`It adds or passes on: ${headerLeaks.join(', ')}`}>
          <IconEyeOff size={13} color="var(--eko-warn)" aria-hidden style={{ flex: 'none', marginTop: 3 }} />
          <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
            shows {headerLeaks.join(', ')}
          </Text>
        </Group>
      )}
    </>
  );
}
