'use client';

import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconRobot } from '@tabler/icons-react';
import { useBots } from '#components/api/queries.ts';
import { EmptyPanel } from '#components/empty-panel.tsx';
import { OpsTable } from '#components/ops-table.tsx';
import { Panel } from '#components/panel.tsx';
import { QueryProblem } from '#components/query-problem.tsx';
import { BOT_WORDS } from '#components/state-words.ts';
import { useMayAdminister } from '#components/use-may-write.ts';
import { useProblem } from '#components/use-problem.ts';
import type { ApiBot } from '#lib/api/bot.ts';
import { countsInWords } from '../state-counts.ts';
import { NewTokenDialog } from '../tokens/new-token-dialog.tsx';
import { BotCard } from './bot-card.tsx';
import { BOT_COLUMNS } from './bot-columns.tsx';

/** The programs that work over HTTP: how they are, what they do, and how to add one. */
export function BotsPanel() {
  const bots = useBots();
  const problem = useProblem(bots);
  const items = bots.data?.items;
  return (
    <Panel
      title="Bots"
      hint={items === undefined || items.length === 0 ? undefined : statesInWords(items)}
      actions={<AddBot />}
      flush
    >
      {problem !== null ? (
        <QueryProblem bare error={problem} onRetry={bots.refetch} />
      ) : (
        <OpsTable
          bare
          caption="Bots, the living ones first"
          noun="bot"
          records={items}
          columns={BOT_COLUMNS}
          getId={({ botId }) => botId}
          renderCard={(bot) => <BotCard bot={bot} />}
          empty={<NoBots />}
        />
      )}
    </Panel>
  );
}

const STATES = ['running', 'idle', 'down', 'stopped'] as const satisfies ApiBot['state'][];

function statesInWords(bots: readonly ApiBot[]): string {
  const counts = { running: 0, idle: 0, down: 0, stopped: 0 };
  for (const { state } of bots) counts[state] += 1;
  return countsInWords(counts, STATES, BOT_WORDS);
}

function AddBot() {
  const mayAdd = useMayAdminister();
  const [opened, dialog] = useDisclosure();
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={dialog.open}
        disabled={!mayAdd}
      >
        Add a bot
      </Button>
      <NewTokenDialog title="Add a bot" forBot opened={opened} onClose={dialog.close} />
    </>
  );
}

function NoBots() {
  return (
    <EmptyPanel icon={IconRobot} title="No bot is registered">
      A bot is a program in any language on a machine that reaches this dashboard and no database. It claims sessions
      over HTTP and sends what it finds. “Add a bot” makes its token and shows the commands.
    </EmptyPanel>
  );
}
