import { html, json, paragraphs, type SamplePage, title } from './sample-page.ts';

/** Pages that may be read, whatever they embed or talk about. None has a mark that a scraper could expect. */
export const GOOD_PAGES: readonly SamplePage[] = [
  { says: 'a plain page', text: html(title('Permits'), paragraphs(20)) },
  { says: 'a short page', text: html(title('Permits'), '<p>No office hours today.</p>') },
  { says: 'an empty body', text: '' },
  { says: 'white space only', text: ' \n\t ' },
  {
    says: 'a contact form with reCAPTCHA',
    text: html(
      title('Ask for a quote'),
      `${paragraphs(3)}<form action="/quote"><input name="email"><div class="g-recaptcha"></div></form><script src="https://www.google.com/recaptcha/api.js"></script>`,
    ),
  },
  {
    says: 'a contact form with hCaptcha on a short page',
    text: html(
      title('Contact'),
      '<form action="/c"><input></form><script src="https://js.hcaptcha.com/1/api.js"></script>',
    ),
  },
  {
    says: 'a contact form with Turnstile',
    text: html(
      title('Contact'),
      '<div class="cf-turnstile"></div><script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>',
    ),
  },
  {
    says: 'a page with three captcha scripts',
    text: html(
      title('Forms'),
      '<script src="https://www.google.com/recaptcha/api.js"></script><script src="https://hcaptcha.com/1/api.js"></script><script src="https://cdn.friendlycaptcha.com/w.js"></script>',
    ),
  },
  {
    says: 'captcha words, a captcha script and a hint to enable scripts: weak marks alone',
    text: html(
      title('Leave a message'),
      '<p>Please verify that you are not a robot.</p><noscript>Enable JavaScript to write to us. Access denied otherwise.</noscript><script src="https://www.google.com/recaptcha/api.js"></script>',
    ),
  },
  {
    says: 'a page that Cloudflare let through with its script',
    headers: { server: 'cloudflare', 'cf-ray': '1' },
    text: html(
      title('Permits'),
      `${paragraphs(5)}<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>`,
    ),
  },
  {
    says: 'a page that DataDome watches',
    headers: { 'x-datadome': 'protected' },
    text: html('<script src="https://js.datadome.co/tags.js"></script>', paragraphs(5)),
  },
  {
    says: 'a page that HUMAN watches',
    text: html(
      "<script>window._pxAppId='PX0';</script><script src='//client.px-cloud.net/PX0/main.min.js'></script>",
      paragraphs(5),
    ),
  },
  {
    says: 'a page that Imperva watches',
    headers: { 'x-iinfo': '1-2', 'x-cdn': 'Imperva' },
    text: html('<script src="/_Incapsula_Resource?SWJIYLWA=719d34"></script>', paragraphs(5)),
  },
  {
    says: 'a page that AWS WAF watches',
    text: html('<script src="https://a.token.awswaf.com/b/challenge.js" defer></script>', paragraphs(5)),
  },
  {
    says: 'an article about block pages, with their titles and code in it',
    text: html(
      title('How sites say no: "Access denied" and other answers'),
      `${paragraphs(30)}<p>"Just a moment..." and "Access denied" are common; Incapsula incident ID, Reference #18, Request blocked.</p><pre>&lt;div id="px-captcha"&gt; window._cf_chl_opt captcha-delivery.com/</pre>`,
    ),
  },
  {
    says: 'an article whose title is that of a refusal',
    text: html(title('Access Denied'), `${paragraphs(40)}<p>Access denied: the story of a key.</p>`),
  },
  {
    says: 'a short note that begins like a challenge',
    text: html(title('Just a moment: the roof is coming'), '<p>Hello</p>'),
  },
  {
    says: 'a shell that a script fills',
    text: html(
      title('Portal'),
      '<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div><script src="/a.js"></script>',
    ),
  },
  {
    says: 'a maintenance page behind Cloudflare',
    status: 503,
    headers: { server: 'cloudflare' },
    text: html(title('We will be back soon'), '<p>The portal is being updated.</p>'),
  },
  {
    says: 'a page that is not there, behind Akamai',
    status: 404,
    headers: { server: 'AkamaiGHost' },
    text: html(title('Not found'), ''),
  },
  {
    says: 'JSON',
    headers: json,
    text: '{"features":[],"note":"access denied; the captcha is gone"}',
  },
  {
    says: 'long JSON that has anything in it',
    headers: json,
    text: `[${'{"text":"captcha-delivery.com/ \\"blockScript\\" \\"appId\\" Access denied"},'.repeat(200)}{}]`,
  },
  { says: 'CSV', headers: { 'content-type': 'text/csv' }, text: 'id,address\n1,"1 Main St"\n' },
  { says: 'a small page where pages are small', medianBytes: 900, text: html(title('Row'), '<p>One row.</p>') },
  { says: 'a page that has shrunk to half', medianBytes: 4_000, text: html(title('Rows'), paragraphs(25)) },
  {
    says: 'a page that has all but vanished: one medium mark is not enough',
    medianBytes: 40_000,
    text: html(title('Rows'), ''),
  },
  {
    says: 'a redirect to another page of the site',
    finalUrl: 'https://www.example.com/en/list',
    text: html(title('Permits'), paragraphs(3)),
  },
  {
    says: 'a title inside a drawing',
    text: html(title('Map'), `<svg><title>Access denied</title></svg>${paragraphs(2)}`),
  },
  {
    says: 'marks inside a comment',
    text: html(title('Map'), '<!-- <div id="px-captcha"></div> Incapsula incident ID -->'),
  },
  {
    says: 'a long page with a login box in its corner',
    text: html(
      title('Permits'),
      `<form action="/session"><input name="u"><input type="password" name="p"></form>${paragraphs(30)}`,
    ),
  },
  { says: 'a link to a login page', text: html(title('Permits'), `<a href="/login">Log in</a>${paragraphs(2)}`) },
];
