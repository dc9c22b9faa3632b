import type { Portal } from '#lib/portals/portal.ts';
import { slug } from '#lib/portals/portal-id.ts';

const GOVERNMENT = /(?:^|\.)(?:gov|mil|fed\.us|state\.[a-z]{2}\.us|(?:ci|co|city|county)\.[a-z0-9-]+\.[a-z]{2}\.us)$/i;

/** Words of a mailbox that no household bears. */
const OFFICE_MAILBOX = /^(?:permits?|permitting|building|inspections?|codes?|planning|zoning|no-?reply|donotreply)\b/i;

/**
 * True for the permit office's own address: a government domain, the domain that publishes the data, or one that bears
 * the name of the city or county ("savannahga.net"). Such a contact is no lead.
 */
export function isAgencyEmail(email: string, portal: Portal): boolean {
  const [mailbox = '', domain = ''] = email.toLowerCase().split('@');
  if (GOVERNMENT.test(domain)) return true;
  if (sharesDomain(domain, URL.parse(portal.url)?.hostname ?? '')) return true;
  const places = [portal.city, portal.county].flatMap((place) => (place ? [slug(place).replaceAll('-', '')] : []));
  const state = portal.state.toLowerCase();
  const label =
    domain
      .replace(/[^a-z0-9.]/g, '')
      .split('.')
      .at(-2) ?? '';
  const isPlace = places.some((place) =>
    [`${place}${state}`, `cityof${place}`, `${place}county${state}`, `${place}county`, `${place}city`].includes(label),
  );
  return isPlace || (OFFICE_MAILBOX.test(mailbox) && places.some((place) => label.includes(place)));
}

/** "data.nashville.gov" and "nashville.gov" share their last two labels; shared hosts such as arcgis.com say nothing. */
function sharesDomain(emailDomain: string, host: string): boolean {
  if (/^[\d.]+$|localhost/.test(host)) return false;
  const registrable = host.split('.').slice(-2).join('.');
  return registrable.includes('.') && (emailDomain === registrable || emailDomain.endsWith(`.${registrable}`));
}

const OFFICE_WORDS =
  /\b(?:permit (?:office|center|counter|desk)|building (?:department|dept|division|inspect)|codes? (?:department|dept|enforcement|office)|inspect(?:or|ions?)\b|city hall|county office|schedul\w{0,8} (?:an? )?inspection|plan(?:s)? (?:review|examiner))/i;

/** True where the words just before a number or address say that it is the office's: "call Codes Department at …". */
export function isOfficeContext(textBefore: string): boolean {
  return OFFICE_WORDS.test(
    textBefore
      .slice(-120)
      .split(/[.;\n]/)
      .at(-1) ?? '',
  );
}
