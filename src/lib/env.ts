import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { parseSecretKey } from './secret-key.ts';
import { WORKERS_MAX } from './workers-max.ts';

const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false', '1', '0', 'yes', 'no'], { error: 'must be true or false' })
    .default(fallback ? 'true' : 'false')
    .transform((word) => word === 'true' || word === '1' || word === 'yes');

const oneOf = <const Word extends string>(words: readonly [Word, ...Word[]]) =>
  z.enum(words, { error: `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}` });

const wholeIn = (min: number, max: number) =>
  z.coerce
    .number({ error: `must be a whole number from ${min} to ${max}` })
    .int(`must be a whole number from ${min} to ${max}`)
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);

const whole = (fallback: number, min: number, max: number) => wholeIn(min, max).default(fallback);

/** Undefined where nobody said it: what is in force then stands in the database (archive/kept-days.ts). */
const keptDays = wholeIn(1, 36_500).optional();

const secretKey = z.string().transform((text, context): Buffer => {
  const key = parseSecretKey(text);
  if (key !== null) return key;
  context.addIssue({
    code: 'custom',
    message: 'must be 32 bytes, as 64 hex digits or in base64 (openssl rand -hex 32)',
  });
  return z.NEVER;
});

/** Without a host it is a socket's, whose folder stands among the parameters. */
const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://')
  .refine(
    (text) => URL.canParse(text) || URL.canParse(text.replace('@/', '@socket/')),
    'must be an address such as postgres://user:password@host:5432/database, with special characters in user and password as %XX (%2F for /)',
  );

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

/** The company's own proxy; without a scheme it is http. What else may be wrong with it says whoever connects to it. */
const systemProxy = z
  .string()
  .refine(
    (text) => URL.canParse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`),
    'must be the address of a proxy, such as http://proxy.example.com:3128',
  );

/**
 * Where an environment differs from the defaults below. Testing is small, tells everything, and keeps its embedded database, tokens
 * and keys in a folder of its own, so that nothing of it reaches the real data.
 */
const ENVIRONMENT_DEFAULTS: Record<string, Record<string, string>> = {
  development: { EKO_DEMO: 'true' },
  testing: { NUM_WORKERS: '1', WORKER_CONCURRENCY: '1', LOG_LEVEL: 'debug', EKO_DATA_DIR: '.data-testing' },
  production: {},
};

/** Every setting, with its default. The README's table and .env.example tell the same; a test compares the latter. */
const envSchema = z.object({
  DATABASE_URL: postgresUrl.optional(),
  DIRECT_DATABASE_URL: postgresUrl.optional(),
  EKO_SERVER_URL: httpUrl.optional(),
  EKO_SERVER_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  PORT: z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535).optional(),
  HOST: z.string().min(1).default('127.0.0.1'),
  EKO_DATA_DIR: z.string().min(1).default('.data'),
  ADMIN_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  NUM_WORKERS: whole(3, 0, WORKERS_MAX),
  AUTO_RESTART: flag(true),
  WORKER_CONCURRENCY: whole(4, 1, 100),
  WORKER_ID: z.string().min(1).max(200).optional(),
  NODE_ID: z.string().min(1).max(200).default(hostname()),
  MAX_RETRIES: whole(3, 0, 100),
  HEARTBEAT_INTERVAL: whole(5, 1, 3600),
  LOCK_TTL: whole(30, 2, 86_400),
  EKO_ENV: oneOf(['development', 'testing', 'production']).default('development'),
  LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  EKO_PORTALS_FILE: z.string().min(1).optional(),
  EKO_HEALTH_FILE: z.string().min(1).optional(),
  EKO_DEMO: flag(false),
  HTTP_PROXY: systemProxy.optional(),
  HTTPS_PROXY: systemProxy.optional(),
  NO_PROXY: z.string().optional(),
  CHROME_PATH: z.string().min(1).optional(),
  EKO_ALLOW_ADDRESSES: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().regex(/^(\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}$/i, 'must be a list of host:port'))),
  EKO_CONTACT: z.string().min(3).optional(),
  EKO_SECRET_KEY: secretKey.optional(),
  EKO_KEEP_SESSIONS_DAYS: keptDays,
  EKO_KEEP_LOGS_DAYS: keptDays,
  EKO_KEEP_METRICS_DAYS: keptDays,
  EKO_ECHO_URL: httpUrl.optional(),
});

export const SETTING_NAMES: readonly string[] = Object.keys(envSchema.shape);

export type Env = Omit<z.output<typeof envSchema>, 'EKO_DATA_DIR'> & {
  /** Absolute. */
  EKO_DATA_DIR: string;
};

/** A setting that cannot be used. The message names every wrong one, with its value and what it should be. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Settings that the parts of the program hand to each other; people do not set them. */
const INTERNAL_NAMES = ['EKO_INTERNAL_DEMO_ORIGIN', 'EKO_INTERNAL_ECHO_URL', 'EKO_INTERNAL_FAULTS'];

/**
 * Reads and checks the settings once, for a composition root to hand on. The order is: environment, then .env (loaded by
 * the launcher), then the default of EKO_ENV, then the general one.
 * @throws SettingsError that lists all problems at once.
 */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const given = Object.fromEntries(
    Object.entries(withUpperCaseNames(source)).filter(([, value]) => value !== undefined && value !== ''),
  );
  const defaults = ENVIRONMENT_DEFAULTS[given.EKO_ENV ?? 'development'] ?? {};
  const parsed = envSchema.safeParse({ ...defaults, ...given });
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        const shown = /TOKEN|URL|PROXY|SECRET/.test(name) ? '' : ` = "${given[name]}"`;
        return `${name}${shown} ${issue.message}`;
      });
  for (const name of Object.keys(given)) {
    if (!name.startsWith('EKO_') || SETTING_NAMES.includes(name) || INTERNAL_NAMES.includes(name)) continue;
    problems.push(`${name} is not a setting${hint(name)}`);
  }
  if (parsed.success && parsed.data.HEARTBEAT_INTERVAL * 2 >= parsed.data.LOCK_TTL) {
    problems.push(
      `HEARTBEAT_INTERVAL = "${parsed.data.HEARTBEAT_INTERVAL}" must be less than half of LOCK_TTL = "${parsed.data.LOCK_TTL}", or one late heartbeat loses the work`,
    );
  }
  if (!parsed.success || problems.length > 0) {
    throw new SettingsError(
      `These settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
  return {
    ...parsed.data,
    EKO_DATA_DIR: path.resolve(parsed.data.EKO_DATA_DIR),
  };
}

/** Most programs know these names in lower case, some only so; where both are given, that spelling counts. */
function withUpperCaseNames(source: Record<string, string | undefined>): Record<string, string | undefined> {
  const { http_proxy, https_proxy, no_proxy } = source;
  return {
    ...source,
    ...(http_proxy ? { HTTP_PROXY: http_proxy } : {}),
    ...(https_proxy ? { HTTPS_PROXY: https_proxy } : {}),
    ...(no_proxy ? { NO_PROXY: no_proxy } : {}),
  };
}

function hint(name: string): string {
  const known = SETTING_NAMES.filter((candidate) => candidate.startsWith('EKO_'));
  const near = known.filter((candidate) => distance(name, candidate) <= 3);
  return near.length > 0 ? `; did you mean ${near.join(' or ')}?` : `; known are ${known.join(', ')}`;
}

/** Levenshtein distance, for "did you mean". */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
