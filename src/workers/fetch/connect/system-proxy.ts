import { InvalidInputError } from '#lib/errors.ts';
import { type ProxyAddress, parseProxyUrl } from '#workers/proxy/proxy-url.ts';
import { type NoProxyRule, parseNoProxy } from './no-proxy.ts';

type SettingName = 'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY';

/** The settings under which a company names its proxy. Where both spellings are given, the lower-case one counts. */
export type SystemProxySettings = Partial<Record<SettingName | Lowercase<SettingName>, string | undefined>>;

export interface SystemProxy {
  /** For http URLs. */
  http: ProxyAddress | null;
  /** For https URLs and all other tunnels. */
  https: ProxyAddress | null;
  exempt: readonly NoProxyRule[];
}

/** @throws InvalidInputError that names the setting, without the password in it. */
export function parseSystemProxy(settings: SystemProxySettings): SystemProxy {
  return {
    http: parseSetting(settings, 'HTTP_PROXY'),
    https: parseSetting(settings, 'HTTPS_PROXY'),
    exempt: parseNoProxy(readSetting(settings, 'NO_PROXY')),
  };
}

/** The proxy through which this machine has to reach a URL, or null where it may go itself. */
export function chooseSystemProxy(
  url: Pick<URL, 'protocol' | 'hostname' | 'port'>,
  { http, https, exempt }: SystemProxy,
): ProxyAddress | null {
  const proxy = url.protocol === 'https:' ? https : http;
  if (proxy === null) return null;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const endpoint = { host: url.hostname.replace(/^\[|\]$/g, ''), port };
  return exempt.some((isExempt) => isExempt(endpoint)) ? null : proxy;
}

function parseSetting(settings: SystemProxySettings, name: SettingName): ProxyAddress | null {
  const text = readSetting(settings, name);
  if (text === '') return null;
  try {
    return parseProxyUrl(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidInputError(`${name} cannot be used: ${reason}`, { context: { field: name }, cause });
  }
}

function readSetting(settings: SystemProxySettings, name: SettingName): string {
  const lower = name.toLowerCase() as Lowercase<SettingName>;
  return (settings[lower] ?? settings[name] ?? '').trim();
}
