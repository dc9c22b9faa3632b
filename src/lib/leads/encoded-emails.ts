const PERCENT_ASCII = /%([0-7][0-9a-fA-F])/g;

/** Percent-decoding that never throws: ASCII only, which is all that an address in a link needs. */
function decodePercent(text: string): string {
  return text.replace(PERCENT_ASCII, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * The recipients of a mailto: link (RFC 6068) as text: those of the path and of to, cc and bcc. Subject and body are left out.
 * @param link The link without "mailto:", entities decoded.
 */
function mailtoRecipients(link: string): string {
  const [path = '', query = ''] = splitOnce(link, '?');
  const others = query
    .split('&')
    .filter((field) => /^(?:to|cc|bcc)=/i.test(field))
    .map((field) => field.slice(field.indexOf('=') + 1));
  return [path, ...others].map(decodePercent).join(' ');
}

/** Longest hex text that can hold an address: the key byte and 254 characters (RFC 5321 section 4.5.3.1). */
const CLOUDFLARE_MAX_HEX = 2 * 255;
const CLOUDFLARE_HEX = /^[0-9a-fA-F]{8,}$/;

/**
 * Decodes Cloudflare's e-mail protection (data-cfemail, /cdn-cgi/l/email-protection#HEX): the first byte is a key that all
 * others were combined with by XOR. '' when the text is not of that form.
 */
export function decodeCloudflareEmail(hex: string): string {
  if (hex.length % 2 !== 0 || hex.length > CLOUDFLARE_MAX_HEX || !CLOUDFLARE_HEX.test(hex)) return '';
  const bytes = Buffer.from(hex, 'hex');
  const key = bytes[0] ?? 0;
  return Buffer.from(Array.from(bytes.subarray(1), (byte) => byte ^ key)).toString('utf8');
}

const PROTECTED_PATH = '/cdn-cgi/l/email-protection#';

/** The addresses that a link names, as text; '' for links to anything else. Entities must be decoded. */
export function addressesOfLink(href: string): string {
  const link = href.trim();
  if (/^mailto:/i.test(link)) return mailtoRecipients(link.slice('mailto:'.length));
  const at = link.indexOf(PROTECTED_PATH);
  return at === -1 ? '' : decodeCloudflareEmail(splitOnce(link.slice(at + PROTECTED_PATH.length), '?')[0] ?? '');
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
