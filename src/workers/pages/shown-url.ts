const URL_MAX_CHARS = 2_000;

/** Words in the name of a parameter whose value is nobody's business, alone or joined as in `apikey`. */
const SECRET_WORDS = new Set(
  (
    'token key password passwd passphrase pwd pass secret signature sig auth authorization jwt credential credentials ' +
    'session sessionid sid apikey apitoken apisecret appkey apptoken accesskey accesstoken authtoken authkey ' +
    'clientsecret privatekey refreshtoken'
  ).split(' '),
);

/**
 * An address as it may be kept and shown: without user name, password and fragment, with the values of secret parameters
 * masked, and not longer than 2,000 characters. Whatever is not an address is only cut.
 */
export function shownUrl(address: string): string {
  const url = URL.parse(address);
  if (url === null) return cut(address.replace(/[?#].*/s, ''));
  url.username = '';
  url.password = '';
  url.hash = '';
  // Not searchParams, which would write the other parameters anew.
  url.search = url.search.slice(1).split('&').map(maskPair).join('&');
  return cut(url.href);
}

function maskPair(pair: string): string {
  const equals = pair.indexOf('=');
  if (equals < 0 || equals === pair.length - 1) return pair;
  const name = pair.slice(0, equals);
  return isSecretName(name) ? `${name}=***` : pair;
}

/** Whether the value of a parameter or header of this name is nobody's business. */
export function isSecretName(name: string): boolean {
  return wordsOf(decoded(name)).some((word) => SECRET_WORDS.has(word));
}

/** `$$app_token`, `appToken` and `app-token` are "app" and "token". */
function wordsOf(name: string): string[] {
  return name
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // A lone percent sign: the name is what it is.
    return name;
  }
}

function cut(text: string): string {
  return text.length > URL_MAX_CHARS ? `${text.slice(0, URL_MAX_CHARS - 1)}…` : text;
}
