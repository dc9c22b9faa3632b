/**
 * Whether a host may be asked, worst first: "paused" and "backing-off" say until when; "robots-unreachable" means that its rules
 * could not be read, so its pages wait; "slowed" is asked more slowly than its source and its robots.txt want, because of errors.
 */
export const HOST_STATES = ['paused', 'backing-off', 'robots-unreachable', 'slowed', 'ready'] as const;
export type HostState = (typeof HOST_STATES)[number];
