/** How the embedded server tells people what happens. */
export type ServerEvent = (level: 'info' | 'warn' | 'error', message: string) => void;
