import { Group, Stack, Text } from '@mantine/core';
import { RelativeTime } from '#components/relative-time.tsx';
import type { ApiBot } from '#lib/api/bot.ts';
import { BotName, BotState, BotSuccess, BotWork } from './bot-facts.tsx';
import { RemoveBot } from './remove-bot.tsx';

/** A bot on a phone. */
export function BotCard({ bot }: { bot: ApiBot }) {
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <BotName bot={bot} />
        </div>
        <RemoveBot bot={bot} />
      </Group>
      <BotState bot={bot} />
      <BotWork bot={bot} />
      <Text size="xs" c="dimmed" component="div">
        Heartbeat <RelativeTime at={bot.lastHeartbeat} /> · success <BotSuccess bot={bot} />
      </Text>
    </Stack>
  );
}
