import { html, json, type SamplePage, title } from './sample-page.ts';

/** Pages that refuse or challenge, imitating how the well-known products build theirs. No word of them is copied from a site. */
export const BLOCK_PAGES: readonly SamplePage[] = [
  {
    says: 'Cloudflare: a challenge named in a header',
    status: 403,
    headers: { 'cf-mitigated': 'challenge', server: 'cloudflare' },
    text: html(title('Just a moment...'), '<noscript>Enable JavaScript and cookies to continue</noscript>'),
  },
  {
    says: 'Cloudflare: a challenge with status 200',
    text: html(
      title('Just a moment...'),
      "<script>window._cf_chl_opt={cvId:'3',cZone:'example.com'};</script><script src='/cdn-cgi/challenge-platform/h/b/x.js'></script>",
    ),
  },
  {
    says: 'Cloudflare: the older form',
    status: 503,
    text: html(title('Please Wait...'), '<form id="challenge-form" action="/?__cf_chl_f_tk=x" method="POST"></form>'),
  },
  {
    says: 'Cloudflare: a firewall rule',
    status: 403,
    headers: { server: 'cloudflare' },
    text: html(
      title('Attention Required! | Cloudflare'),
      '<div id="cf-wrapper"><div id="cf-error-details"><h1>Sorry, you have been blocked</h1></div></div>',
    ),
  },
  {
    says: 'Cloudflare: access denied by the owner',
    text: html(
      title('Access denied | example.com used a service to restrict access'),
      '<div id="cf-error-details"><p>The owner of this website has banned your address.</p></div>',
    ),
  },
  {
    says: 'Cloudflare: a redirect that asks for the token',
    finalUrl: 'https://example.com/list?__cf_chl_rt_tk=abc',
    text: html('', ''),
  },
  {
    says: 'Akamai: a refusal with its reference, written with entities',
    status: 403,
    headers: { server: 'AkamaiGHost' },
    text: html(
      '<TITLE>Access Denied</TITLE>',
      '<H1>Access Denied</H1>You don\'t have permission to access "http&#58;&#47;&#47;example.com" on this server.<P>Reference&#32;&#35;18&#46;1234.5678',
    ),
  },
  {
    says: 'Akamai: the same with status 200',
    text: html(title('Access Denied'), 'You do not have permission.<p>Reference #18.1234.5678'),
  },
  {
    says: 'Akamai: a page that fetches itself again with a proof',
    text: html('<meta http-equiv="refresh" content="5; URL=\'/list?bm-verify=AAQ\'">', '<noscript></noscript>'),
  },
  {
    says: 'Akamai: the challenge in a frame',
    status: 428,
    text: html(title('&nbsp;'), '<div id="sec-if-cpt-container"></div><script src="/_sec/cp_challenge/a.js"></script>'),
  },
  {
    says: 'Imperva: an incident in a frame',
    headers: { 'x-iinfo': '1-2-3', 'x-cdn': 'Imperva' },
    text: '<html style="height:100%"><body><iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31">Request unsuccessful. Incapsula incident ID: 1-2</iframe></body></html>',
  },
  {
    says: 'Imperva: an incident in words only',
    status: 403,
    text: html('', 'Request unsuccessful. Incapsula incident ID: 12-34'),
  },
  {
    says: 'Imperva: an interruption',
    text: html(title('Pardon Our Interruption...'), '<p>Something about your browser made us think you are a bot.</p>'),
  },
  {
    says: 'DataDome: a page',
    status: 403,
    headers: { server: 'DataDome', 'x-datadome': 'protected' },
    text: html(
      title('example.com'),
      "<p id=\"cmsg\">Please enable JS and disable any ad blocker</p><script>var dd={'rt':'c','cid':'A','host':'geo.captcha-delivery.com'}</script><script src=\"https://ct.captcha-delivery.com/c.js\"></script>",
    ),
  },
  {
    says: 'DataDome: JSON where JSON was asked for',
    status: 403,
    headers: json,
    text: '{"url":"https://geo.captcha-delivery.com/captcha/?initialCid=A&hash=B"}',
  },
  {
    says: 'HUMAN: press and hold',
    status: 403,
    text: html(title('Access to this page has been denied.'), '<div id="px-captcha"></div>'),
  },
  {
    says: 'HUMAN: JSON',
    status: 403,
    headers: json,
    text: '{"appId":"PX0","jsClientSrc":"/PX0/init.js","blockScript":"/PX0/captcha.js","vid":"","uuid":"u"}',
  },
  {
    says: 'AWS WAF: a challenge named in a header',
    status: 202,
    headers: { 'x-amzn-waf-action': 'challenge' },
    text: html(title(''), '<div id="challenge-container"></div>'),
  },
  {
    says: 'AWS WAF: a challenge without the header',
    status: 202,
    text: html(
      '<script>window.gokuProps = {"key":"A","iv":"B"};</script><script src="https://a.token.awswaf.com/b/challenge.js"></script>',
      '<noscript><h1>JavaScript is disabled</h1></noscript>',
    ),
  },
  {
    says: 'CloudFront: a blocked request',
    status: 403,
    headers: { server: 'CloudFront' },
    text: html(
      title('ERROR: The request could not be satisfied'),
      '<h1>403 ERROR</h1>Request blocked. We cannot connect.',
    ),
  },
  {
    says: 'Sucuri: a refusal',
    headers: { server: 'Sucuri/Cloudproxy', 'x-sucuri-id': '1', 'x-sucuri-block': 'geo' },
    text: html(title('Sucuri WebSite Firewall - Access Denied'), '<h2>Block details</h2>'),
  },
  {
    says: 'Sucuri: a script that sets a cookie',
    text: html(title('You are being redirected...'), "<script>var s={},u; sucuri_cloudproxy_js='';</script>"),
  },
  {
    says: 'Vercel: a checkpoint',
    status: 429,
    headers: { 'x-vercel-mitigated': 'challenge' },
    text: html(title('Vercel Security Checkpoint'), '<p>We are verifying your browser</p>'),
  },
  {
    says: 'Kasada: a script',
    status: 429,
    text: '<html><body><script>window.KPSDK={};</script><script src="/1/ips.js"></script></body></html>',
  },
  {
    says: 'Radware: a redirect',
    finalUrl: 'https://validate.perfdrive.com/captcha?ssa=1',
    text: html(title('Captcha'), '<form action="https://validate.perfdrive.com/captcha"></form>'),
  },
  {
    says: 'Reblaze: a script',
    text: '<html><head></head><body><script>window.rbzns={bereshit:"1"};winsocks();</script></body></html>',
  },
  {
    says: 'Anubis: proof of work',
    text: html(
      title("Making sure you're not a bot!"),
      '<script id="anubis_challenge" type="application/json">{}</script>',
    ),
  },
  {
    says: 'Fastly: a client challenge',
    text: html(title('Client Challenge'), '<script src="/_fs-ch-1T1wmsGaOgGaSxcX/script.js"></script>'),
  },
  {
    says: 'F5: a rejected address',
    text: html(
      title('Request Rejected'),
      'The requested URL was rejected. Please consult with your administrator.<br>Your support ID is: 123',
    ),
  },
  {
    says: 'Wordfence: a blocked address',
    status: 503,
    text: html(
      title('403 Forbidden'),
      '<p>Your access to this site has been limited by the site owner</p><p>Generated by Wordfence</p>',
    ),
  },
  {
    says: 'ModSecurity',
    status: 406,
    text: html(
      title('Not Acceptable!'),
      '<p>An appropriate representation could not be found. This error was generated by Mod_Security.</p>',
    ),
  },
  {
    says: 'Azure: a blocked request',
    status: 403,
    headers: { 'x-azure-ref': '20260101T000000Z-a' },
    text: '<h2>The request is blocked.</h2><p>20260101T000000Z-a</p>',
  },
  {
    says: 'DDoS-Guard: a check',
    status: 403,
    text: html(title('DDOS-GUARD'), '<h1>Checking your browser before accessing</h1>'),
  },
  {
    says: 'a search engine: unusual traffic',
    finalUrl: 'https://www.example.com/sorry/index?continue=x',
    text: html('', 'Our systems have detected unusual traffic from your computer network.'),
  },
  {
    says: 'a shop: a captcha form',
    text: html(
      title('Robot Check'),
      '<form method="get" action="/errors/validateCaptcha"><input name="field-keywords"></form>',
    ),
  },
  {
    says: 'a forum: blocked by its network security',
    status: 403,
    text: html('', "You've been blocked by network security."),
  },
  {
    says: 'a list site: a blocked address',
    text: 'This IP has been automatically blocked. If you have questions, write to us.',
  },
  {
    says: 'no product: a captcha page behind a redirect',
    finalUrl: 'https://example.com/captcha?back=%2Flist',
    text: html(title('One more step'), '<form action="/captcha"><img src="/captcha.png"></form>'),
  },
  {
    says: 'no product: a redirect to a refusal',
    finalUrl: 'https://example.com/access-denied',
    text: html(title('Sorry'), ''),
  },
  {
    says: 'no product: a title and words',
    text: html(title('Access Denied'), '<p>Your request has been blocked because of suspicious activity.</p>'),
  },
  {
    says: 'no product: a human check with a captcha',
    text: html(
      title('Are you a robot?'),
      '<p>Please verify you are human.</p><script src="https://www.google.com/recaptcha/api.js"></script>',
    ),
  },
  {
    says: 'no product: a waiting room that is far smaller than the pages here',
    medianBytes: 40_000,
    text: html(title('Checking your browser'), '<p>This takes up to five seconds.</p>'),
  },
  {
    says: 'a delivery network that refuses with a short page',
    status: 403,
    headers: { server: 'cloudflare' },
    medianBytes: 40_000,
    text: html(title('Forbidden'), ''),
  },
  {
    says: 'capital letters and broken markup',
    text: '<TITLE>JUST A MOMENT...</TITLE><DIV ID=CF-CHALLENGE-RUNNING CLASS=A"><P></B><SCRIPT>',
  },
];
