import type { Role } from '#lib/db/schema/vocabulary.ts';

/** What each role may do, in a few words. */
const ROLE_WORDS: Record<Role, string> = {
  viewer: 'Viewer: sees everything, changes nothing',
  operator: 'Operator: starts and stops work, too',
  admin: 'Admin: everything',
  bot: 'Bot: claims sessions over HTTP, nothing else',
  worker: 'Worker: for a machine of ours without a database',
};

const ROLE_ORDER = ['viewer', 'operator', 'admin', 'bot', 'worker'] as const satisfies Role[];

export const ROLE_CHOICES = ROLE_ORDER.map((role) => ({ value: role, label: ROLE_WORDS[role] }));
