import { Stack, Text } from '@mantine/core';
import { formatCount, formatRatio } from '#components/format.ts';
import { PageLink } from '#components/page-link.tsx';
import { StateLabel } from '#components/state-label.tsx';
import { BOT_WORDS } from '#components/state-words.ts';
import type { ApiBot } from '#lib/api/bot.ts';

export function BotName({ bot }: { bot: ApiBot }) {
  const { name, botId, hostname, tokenName } = bot;
  return (
    <>
      <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
        {name}
      </Text>
      <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
        {botId}
      </Text>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {hostname === name ? '' : `${hostname}, `}token {tokenName ?? 'of the settings'}
      </Text>
    </>
  );
}

export function BotState({ bot: { state, stopReason } }: { bot: ApiBot }) {
  return (
    <>
      <StateLabel state={BOT_WORDS[state]} />
      {stopReason !== null && (
        <Text size="xs" c="dimmed">
          {stopReason}
        </Text>
      )}
    </>
  );
}

export function BotWork({ bot: { sessions, sources, concurrency, state } }: { bot: ApiBot }) {
  if (sessions.length === 0) {
    const alive = state === 'idle' || state === 'running';
    return (
      <Text size="sm" c="dimmed">
        {alive ? `nothing, can take ${concurrency} of ${sources === null ? 'any source' : sources.join(', ')}` : '–'}
      </Text>
    );
  }
  return (
    <Stack gap={0}>
      {sessions.map(({ id, location }) => (
        <PageLink key={id} href={`/scraping/${id}`} size="sm">
          <bdi>{location}</bdi> #{id}
        </PageLink>
      ))}
    </Stack>
  );
}

export function BotSuccess({ bot: { jobsProcessed, jobsSucceeded, jobsFailed } }: { bot: ApiBot }) {
  const ended = jobsSucceeded + jobsFailed;
  return (
    <>
      {formatRatio(ended === 0 ? null : jobsSucceeded / ended)}
      {jobsProcessed > 0 && (
        <Text size="xs" c="dimmed" component="span" display="block">
          of {formatCount(jobsProcessed)}
        </Text>
      )}
    </>
  );
}
