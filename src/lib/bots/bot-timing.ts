/** How often a bot should say that it lives, in seconds. */
export const BOT_HEARTBEAT_SECONDS = 30;

/** How long a bot counts as alive after its last sign of life; then its sessions go to others. */
export const BOT_LEASE_SECONDS = 120;

/** How soon a bot must start what it has claimed, in seconds; else it goes back, since the answer may never have arrived. */
export const BOT_START_SECONDS = 60;
