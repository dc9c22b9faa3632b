import { withAuth, withBotAuth } from '#server/auth/with-auth.ts';
import { findBot, findOwnBot, parseBotId } from '#server/bots/find-bot.ts';
import { getBot } from '#server/bots/list-bots.ts';
import { removeBot } from '#server/bots/remove-bot.ts';
import { respondJson } from '#server/respond.ts';

export const GET = withAuth(
  async ({ params, context }) => respondJson(await getBot(context.db, parseBotId(params.id))),
  { role: 'viewer' },
);

/** For admins, and for a bot that says goodbye. */
export const DELETE = withBotAuth(async ({ params, context, account }) => {
  const botId = parseBotId(params.id);
  const isAdmin = account.role === 'admin';
  await (isAdmin ? findBot(context.db, botId) : findOwnBot(context.db, account, botId));
  await removeBot(context, botId, isAdmin ? 'Removed by an admin' : 'It said goodbye');
  return respondJson({ removed: botId });
});
