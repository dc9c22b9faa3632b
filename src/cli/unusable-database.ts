import { isDatabaseUnavailable } from '#server/report-outages.ts';
import { CommandError } from './command-error.ts';
import { EXIT } from './exit-codes.ts';

/**
 * The database of the settings cannot be used: one sentence that says what happened and what to do, without any password. `EXIT.usage`
 * where the setting is wrong, `EXIT.failed` where the database is away.
 */
export class UnusableDatabaseError extends CommandError {
  override readonly name = 'UnusableDatabaseError';
}

/** An address of PostgreSQL, and the setting that it came from. */
export interface NamedDatabase {
  url: string;
  setting: 'DATABASE_URL' | 'DIRECT_DATABASE_URL';
}

/** @throws UnusableDatabaseError where the work failed because of the way to the database; else what the work threw. */
export async function explainingDatabase<T>(database: NamedDatabase, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explain(error, database) ?? error;
  }
}

function explain(error: unknown, { url, setting }: NamedDatabase): UnusableDatabaseError | null {
  const place = shownAddress(url) ?? `the address in ${setting}`;
  if (isDatabaseUnavailable(error)) {
    const reason = reasonOf(error instanceof Error ? error.cause : undefined);
    const message = `The database cannot be reached: ${reason}. It was looked for at ${place}: check ${setting}, and that PostgreSQL runs there.`;
    return new UnusableDatabaseError(message, EXIT.failed, error);
  }
  for (const link of chainOf(error)) {
    const advice = adviceOn(link, setting);
    if (advice === null) continue;
    const message = `The database at ${place} cannot be used: ${reasonOf(link)}. ${advice}`;
    return new UnusableDatabaseError(message, EXIT.usage, error);
  }
  return null;
}

/** What to do, by SQLSTATE, by a code of TLS, or by the words of a driver that gives no code; null for every other error. */
function adviceOn(error: Error, setting: string): string | null {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code in SIGN_IN_ADVICE) return `${SIGN_IN_ADVICE[code]} ${setting}.`;
  if (NO_PASSWORD.test(error.message)) return `The server wants a password: put one into ${setting}.`;
  if (CERTIFICATE.test(code)) return `Trust it with NODE_EXTRA_CA_CERTS, or correct the host or sslmode in ${setting}.`;
  if (NO_TLS.test(error.message)) return `Switch TLS on there, or leave sslmode out of ${setting}.`;
  return null;
}

/** SQLSTATEs with which PostgreSQL refuses a connection for good. */
const SIGN_IN_ADVICE: Record<string, string> = {
  '28P01': 'Check user and password in',
  '28000': 'Let the server take this user from here (pg_hba.conf), or name another one in',
  '3D000': 'Create that database, or name another one in',
};
const NO_PASSWORD = /client password must be a (?:non-empty )?string/;
const NO_TLS = /^The server does not support SSL connections/;
const CERTIFICATE = /CERT|UNABLE_TO_/;

/** The error and its causes: query builders wrap what the driver throws. */
function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let link = error; link instanceof Error && chain.length < 5; link = link.cause) chain.push(link);
  return chain;
}

/** A name with several addresses fails with one error for each, and no words for all. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message.replace(/\.$/, '') : 'no reason is known';
}

/** Without password and parameters, one of which may be a password too; null for what is no address. */
function shownAddress(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return null;
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}
