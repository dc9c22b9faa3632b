import { InvalidInputError } from '#lib/errors.ts';
import { type ProxyAddress, parseProxyUrl } from './proxy-url.ts';

export interface ProxyListProblem {
  /** Counted from 1. */
  line: number;
  /** Never has a password in it. */
  problem: string;
}

export interface ProxyList {
  proxies: { line: number; address: ProxyAddress }[];
  problems: ProxyListProblem[];
}

const LINE_LENGTH_MAX = 2_000;

const CSV_COLUMNS = ['protocol', 'host', 'port', 'username', 'password'] as const;
type CsvColumn = (typeof CSV_COLUMNS)[number];

/**
 * Reads a list of proxies as sellers hand them out: one a line, each as a URL, `host:port`, `host:port:user:password` or
 * `user:password@host:port`, with or without a scheme in front. What follows `#` at the start of a line or after a blank is a
 * comment. A first line that names the columns protocol, host, port, username and password (host at least) makes it CSV.
 * A line that cannot be read is reported; the others count.
 */
export function parseProxyList(text: string): ProxyList {
  const lines = text
    .toWellFormed()
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line: index + 1, text: line.replace(/(^|\s)#.*/, '').trim() }))
    .filter((line) => line.text !== '');
  const columns = csvColumns(lines[0]?.text ?? '');
  const list: ProxyList = { proxies: [], problems: [] };
  for (const { line, text } of columns === null ? lines : lines.slice(1)) {
    try {
      if (text.length > LINE_LENGTH_MAX)
        throw new InvalidInputError(`A line has more than ${LINE_LENGTH_MAX} characters`);
      list.proxies.push({ line, address: columns === null ? parseLine(text) : parseCsvLine(text, columns) });
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      list.problems.push({ line, problem: error.message });
    }
  }
  return list;
}

const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;
/** The password may have colons in it. IPv6 is in brackets. */
const COLON_FORM = /^(\[[^\]]*\]|[^:@/\s]+):(\d+):([^:@\s]+):(\S+)$/;

function parseLine(text: string): ProxyAddress {
  const scheme = SCHEME.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length).replace(/\/$/, '');
  const [, host, port, username, password] = COLON_FORM.exec(rest) ?? [];
  if (host === undefined || port === undefined || username === undefined || password === undefined) {
    return parseProxyUrl(`${scheme}${escapeUserInfo(rest)}`);
  }
  return { ...parseProxyUrl(`${scheme}${host}:${port}`), username, password };
}

/** Lists have passwords as they are, not percent-encoded; what is encoded already stays. */
function escapeUserInfo(rest: string): string {
  const at = rest.lastIndexOf('@');
  if (at < 0) return rest;
  const [username = '', ...password] = rest.slice(0, at).split(':');
  const escaped = [username, ...(password.length === 0 ? [] : [password.join(':')])].map(encodeOnce).join(':');
  return `${escaped}${rest.slice(at)}`;
}

function encodeOnce(text: string): string {
  return text.replace(/%(?![\da-f]{2})|[^%\w.~!$&'()*+,;=-]/giu, (part) => encodeURIComponent(part));
}

/** The columns of a header line in their order; null when it is none. */
function csvColumns(line: string): (CsvColumn | null)[] | null {
  const names = splitCsv(line).map((cell) => cell.toLowerCase());
  if (names.length < 2 || !names.includes('host')) return null;
  return names.map((name) => CSV_COLUMNS.find((column) => column === name) ?? null);
}

function parseCsvLine(line: string, columns: readonly (CsvColumn | null)[]): ProxyAddress {
  const cells = splitCsv(line);
  const value = (column: CsvColumn) => cells[columns.indexOf(column)] ?? '';
  const scheme = value('protocol') === '' ? '' : `${value('protocol')}://`;
  const port = value('port') === '' ? '' : `:${value('port')}`;
  const host = value('host');
  if (/[@\s]/.test(host)) throw new InvalidInputError('The column "host" holds something else than a host');
  return {
    ...parseProxyUrl(`${scheme}${host}${port}`),
    username: value('username') || null,
    password: value('password') || null,
  };
}

/** Cells of one line; a quoted one may hold commas, and "" for a quote. */
function splitCsv(line: string): string[] {
  return [...line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"'),
  );
}
