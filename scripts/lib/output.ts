import { styleText } from 'node:util';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** What people, or a log collector, read. One line per event. */
export interface Output {
  /** An event of the launcher itself. */
  say(level: Level, message: string): void;
  /** A line that a child wrote: one of our JSON log lines, or plain text of a tool. */
  childLine(name: string, line: string): void;
  /** Text for a person that belongs into no log, such as the sign-in link; a terminal shows it with space around. */
  show(lines: string[]): void;
}

/** Readable, coloured lines on a terminal; JSON lines otherwise. */
export function createOutput(options: { pretty: boolean; colour: boolean; write: (text: string) => void }): Output {
  const format = options.pretty ? (event: LogEvent) => formatPretty(event, options.colour) : formatJson;
  const put = (event: LogEvent) => options.write(`${format(event)}\n`);
  return {
    say: (level, message) => put({ time: new Date().toISOString(), level, name: 'launcher', message, fields: {} }),
    childLine(name, line) {
      if (line.trim() === '') return;
      put(parseLine(name, line));
    },
    show(lines) {
      if (options.pretty) options.write(`\n${lines.map((line) => `  ${line}\n`).join('')}\n`);
      else for (const line of lines) this.say('info', line);
    },
  };
}

interface LogEvent {
  time: string;
  level: Level;
  name: string;
  message: string;
  fields: Record<string, unknown>;
}

/** Pure. Lines that are not ours (Next's, a crash's) become events of level info. */
export function parseLine(name: string, line: string): LogEvent {
  if (line.startsWith('{')) {
    try {
      const { time, level, message, msg, name: own, hostname: _hostname, ...fields } = JSON.parse(line);
      const text = String(message ?? msg ?? '');
      return {
        time: String(time ?? new Date().toISOString()),
        level: toLevel(level),
        name,
        message: text,
        fields: own === name ? fields : { ...fields, part: own },
      };
    } catch {
      // It only looked like JSON; shown as it is.
    }
  }
  return { time: new Date().toISOString(), level: 'info', name, message: line.trimEnd(), fields: {} };
}

function toLevel(value: unknown): Level {
  return value === 'debug' || value === 'warn' || value === 'error' ? value : value === 'fatal' ? 'error' : 'info';
}

function formatJson(event: LogEvent): string {
  const { fields, ...rest } = event;
  return JSON.stringify({ ...rest, ...fields });
}

const COLOURS = { launcher: 'cyan', web: 'magenta', workers: 'green', demo: 'yellow', database: 'blue' } as const;
const LEVEL_COLOURS = { debug: 'gray', info: 'reset', warn: 'yellow', error: 'red' } as const;

/** Fields that only machines need. */
const QUIET = new Set(['pid', 'part']);

/** Pure, but for the machine's time zone: "14:03:07 workers   session completed  id=12 source=permits". */
export function formatPretty(event: LogEvent, colour: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const prefix = paint(COLOURS[event.name as keyof typeof COLOURS] ?? 'white', event.name.padEnd(8));
  const fields = Object.entries(event.fields)
    .filter(([key, value]) => !QUIET.has(key) && value !== undefined && value !== null)
    .map(([key, value]) => `${key}=${formatValue(value)}`)
    .join(' ');
  const level = event.level === 'info' || event.level === 'debug' ? '' : `${event.level}: `;
  const text = paint(LEVEL_COLOURS[event.level], oneLine(`${level}${event.message}`));
  return `${paint('gray', clock(event.time))} ${prefix} ${text}${fields === '' ? '' : ` ${paint('gray', fields)}`}`;
}

/** An error shows its message; its stack is for the JSON lines. */
function formatValue(value: unknown): string {
  if (typeof value === 'object' && value && 'message' in value) return JSON.stringify(String(value.message));
  if (typeof value === 'string' && /^[\w./:@-]+$/.test(value)) return value;
  return JSON.stringify(value);
}

function oneLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').join(' · ');
}

function clock(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toTimeString().slice(0, 8);
}
