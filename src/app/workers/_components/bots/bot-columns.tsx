import type { OpsColumn } from '#components/ops-table.tsx';
import { RelativeTime } from '#components/relative-time.tsx';
import type { ApiBot } from '#lib/api/bot.ts';
import { BotName, BotState, BotSuccess, BotWork } from './bot-facts.tsx';
import { RemoveBot } from './remove-bot.tsx';

export const BOT_COLUMNS: OpsColumn<ApiBot>[] = [
  { key: 'bot', title: 'Bot', render: (bot) => <BotName bot={bot} /> },
  { key: 'state', title: 'State', width: 148, render: (bot) => <BotState bot={bot} /> },
  {
    key: 'heartbeat',
    title: 'Heartbeat',
    width: 104,
    render: ({ lastHeartbeat }) => <RelativeTime at={lastHeartbeat} />,
  },
  { key: 'work', title: 'Runs', render: (bot) => <BotWork bot={bot} /> },
  { key: 'success', title: 'Success', width: 92, align: 'right', render: (bot) => <BotSuccess bot={bot} /> },
  {
    key: 'version',
    title: 'Version',
    width: 92,
    hiddenBelow: 88,
    render: ({ version }) => version ?? '–',
  },
  {
    key: 'actions',
    title: 'Actions',
    titleHidden: true,
    width: 52,
    align: 'right',
    render: (bot) => <RemoveBot bot={bot} />,
  },
];
