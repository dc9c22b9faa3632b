/** Of the sessions that wait for a host, so many of each kind are counted: those that may be claimed, and those that sleep or stand in line. */
export const WAITING_SESSIONS_MAX = 1_000;
