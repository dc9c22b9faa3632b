import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Keys whose values never reach a log line, at any depth that we log. */
const SECRET_KEYS = ['password', 'token', 'authorization', 'cookie', 'adminToken', 'databaseUrl'];

/**
 * JSON lines on stdout: time, level, worker, source, message. No transports: a line is written by the process itself,
 * so nothing is lost when it dies. Making lines pretty is the launcher's business.
 */
export function createLogger(name: string, level: string, bindings: Record<string, unknown> = {}): Logger {
  return pino({
    name,
    level,
    base: { pid: process.pid, ...bindings },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[secret]' },
  });
}

/** A logger that says nothing, for tests and stand-alone use. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
