import { type BlockSignature, MEDIUM, STRONG, WEAK } from './signature.ts';

/** Statuses with which a content delivery network refuses in its own name. */
const REFUSING = { status: [403, 429, 503] } as const;

/** Addresses to which redirects lead instead of the page. */
const CHALLENGE_ADDRESSES: readonly BlockSignature[] = [
  {
    rule: 'challenge-address',
    weight: STRONG,
    when: [
      {
        in: 'path',
        has: [
          '__cf_chl_',
          '/cdn-cgi/challenge-platform/',
          '/cdn-cgi/l/chk_',
          '/_incapsula_resource/',
          '/distil_r_captcha.html/',
          '/_sec/cp_challenge/',
          '/sorry/index/',
          '/errors/validatecaptcha/',
          '/splashui/challenge/',
          'validate.perfdrive.com/',
          'captcha-delivery.com/',
        ],
      },
    ],
  },
  {
    rule: 'block-address',
    weight: STRONG,
    when: [
      {
        in: 'path',
        has: [
          '/captcha/',
          '/recaptcha/',
          '/access-denied/',
          '/accessdenied/',
          '/access_denied/',
          '/blocked/',
          '/robot-check/',
          '/bot-check/',
          '/human-verification/',
          '/are-you-human/',
        ],
      },
    ],
  },
  {
    rule: 'challenge-word-in-address',
    weight: MEDIUM,
    when: [{ in: 'path', has: ['/challenge/', '/verify/', '/denied/'] }],
  },
];

/** Marks of no product in particular. */
const MARKS: readonly BlockSignature[] = [
  {
    rule: 'waiting-title',
    weight: MEDIUM,
    when: [
      {
        in: 'title',
        is: [
          'just a moment...',
          'just a moment…',
          'one moment, please...',
          'please wait...',
          'please wait... | cloudflare',
          'checking your browser',
          'checking your browser before accessing',
          'you are being redirected...',
          'client challenge',
          'security check',
          'security verification',
          'ddos protection',
          "making sure you're not a bot!",
        ],
      },
      { short: true },
    ],
  },
  {
    rule: 'human-check-title',
    weight: MEDIUM,
    when: [
      {
        in: 'title',
        has: ['are you a robot', 'are you human', 'robot check', 'human verification', 'bot verification', 'captcha'],
      },
      { short: true },
    ],
  },
  {
    rule: 'denied-title',
    weight: MEDIUM,
    when: [
      {
        in: 'title',
        has: [
          'access denied',
          'request rejected',
          'request blocked',
          'web page blocked',
          'you have been blocked',
          '403 forbidden',
        ],
      },
      { short: true },
    ],
  },
  {
    rule: 'cdn-refusal',
    weight: MEDIUM,
    when: [
      {
        header: 'server',
        has: [
          'cloudflare',
          'akamai',
          'cloudfront',
          'sucuri',
          'imperva',
          'incapsula',
          'datadome',
          'ddos-guard',
          'stackpath',
          'awselb',
        ],
      },
      REFUSING,
    ],
  },
  { rule: 'cdn-refusal-imperva', weight: MEDIUM, when: [{ header: 'x-iinfo' }, REFUSING] },
  { rule: 'cdn-refusal-datadome', weight: MEDIUM, when: [{ header: 'x-datadome' }, REFUSING] },
  { rule: 'cdn-refusal-fastly', weight: MEDIUM, when: [{ header: 'x-served-by', has: ['cache-'] }, REFUSING] },
  {
    rule: 'captcha-script',
    // Contact forms carry one, so it says little.
    weight: WEAK,
    when: [
      {
        in: 'source',
        has: [
          '/recaptcha/',
          'hcaptcha.com/',
          'challenges.cloudflare.com/',
          '/cdn-cgi/challenge-platform/',
          'arkoselabs.com/',
          'funcaptcha.com/',
          'geetest.com/',
          'friendlycaptcha',
          'awswaf.com/',
          'mtcaptcha.com/',
        ],
      },
    ],
  },
  {
    rule: 'refusing-words',
    weight: WEAK,
    when: [
      {
        in: 'words',
        has: [
          'access denied',
          'access is denied',
          "you don't have permission to access",
          'you have been blocked',
          'your request has been blocked',
          'request blocked',
          'automated requests',
          'automated access',
          'suspicious activity',
          'unusual activity',
        ],
      },
      { short: true },
    ],
  },
  {
    rule: 'human-check-words',
    weight: WEAK,
    when: [
      {
        in: 'words',
        has: [
          'verify you are human',
          'verify that you are human',
          'verify that you are not a robot',
          "verify you're not a robot",
          'prove you are human',
          'checking your browser',
          'checking if the site connection is secure',
          'complete the security check',
          'solve the captcha',
        ],
      },
      { short: true },
    ],
  },
  {
    rule: 'script-or-cookies-wanted',
    weight: WEAK,
    when: [{ in: 'words', has: ['enable javascript', 'enable cookies'] }, { short: true }],
  },
];

/** What any site and any product may show. */
export const GENERIC_SIGNATURES: readonly BlockSignature[] = [...CHALLENGE_ADDRESSES, ...MARKS];
