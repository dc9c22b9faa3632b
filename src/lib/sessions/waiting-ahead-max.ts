/** Of the sessions that wait before one, so many are counted; there may be more. */
export const WAITING_AHEAD_MAX = 1_000;
