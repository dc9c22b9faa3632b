import { type Logger, pino } from 'pino';
import { LineOutput } from './line-output.ts';

export type { Logger } from 'pino';

/** Keys whose values never reach a log line, at any depth that we log. */
const SECRET_KEYS = ['password', 'token', 'authorization', 'cookie', 'adminToken', 'databaseUrl'];

/**
 * One for all loggers of a process. Not pino's own, which throws when a line cannot be written, and then never lets the process end: it
 * offers the same line again for ever.
 */
const stdout = new LineOutput(1);
process.on('exit', () => stdout.flushSync());

/**
 * JSON lines on stdout: time, level, worker, source, message. No transports: a line is written by the process itself,
 * so nothing is lost when it dies. Making lines pretty is the launcher's business.
 */
export function createLogger(name: string, level: string, bindings: Record<string, unknown> = {}): Logger {
  return pino(
    {
      name,
      level,
      base: { pid: process.pid, ...bindings },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[secret]' },
    },
    stdout,
  );
}

/** A logger that says nothing, for tests and stand-alone use. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
