import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuMsOf } from '#test/cpu-time.ts';
import { extractEmails, isEmail, MAX_INPUT_CHARS } from './extract-emails.ts';

/** Cloudflare's scheme: a key byte, then every byte combined with it. */
function protect(address: string, key = 0x5a): string {
  const bytes = Buffer.from(address).map((byte) => byte ^ key);
  return Buffer.concat([Buffer.from([key]), bytes]).toString('hex');
}

const BOB = ['bob@example.com'];

describe('extractEmails in text', () => {
  it.each<[string, string[]]>([
    ['bob@example.com', BOB],
    ['Contact: Bob@Example.COM.', BOB],
    ['Write to bob@example.com, or call.', BOB],
    ['(bob@example.com)', BOB],
    ["'bob@example.com'", BOB],
    ['"Bob, the roofer" <bob@example.com>', BOB],
    ['<bob@example.com>;<sue@example.org>', ['bob@example.com', 'sue@example.org']],
    ['bob@example.com/sue@example.org', ['bob@example.com', 'sue@example.org']],
    ['sue@example.org bob@example.com SUE@example.org', ['sue@example.org', 'bob@example.com']],
    ['bob+roofs@example.com', ['bob+roofs@example.com']],
    ['bob_the.roofer-1@mail.example.co.uk', ['bob_the.roofer-1@mail.example.co.uk']],
    ["o'brien@example.com", ["o'brien@example.com"]],
    ['E-mail:bob@example.com!', BOB],
    ['email=bob@example.com', BOB],
    ['**bob@example.com**', BOB],
    ['Contact....bob@example.com', BOB],
    ['bob@example.com.Please call first', BOB],
    ['bob@example.com: ask for him', BOB],
    ['邮箱bob@example.com请联系', BOB],
    ['bob@bücher.example.de', ['bob@bücher.example.de']],
    ['bob＠example．com', BOB],
    ['bob@example。com', BOB],
    ['bo\u200bb@exam\u00adple.com', BOB],
    ['bob&#64;example&#46;com', BOB],
    ['bob&#x40;example.com', BOB],
    ['bob&#64example.com', BOB],
    ['bob&commat;example&period;com', BOB],
    ['mailto:bob@example.com?subject=hi%20sue@example.org', BOB],
    ['mailto:bob%40example.com,sue%40example.org', ['bob@example.com', 'sue@example.org']],
    ['mailto:?to=bob@example.com&body=sue@example.org', BOB],
    [`<a data-cfemail="${protect('bob@example.com')}">`, BOB],
    [`/cdn-cgi/l/email-protection#${protect('bob@example.com', 0xc3)}`, BOB],
  ])('finds in %j %j', (text, expected) => {
    expect(extractEmails(text)).toEqual(expected);
  });

  it.each([
    'bob [at] example dot com',
    'bob [at] example [dot] com',
    'bob(at)example(dot)com',
    'bob{at}example{dot}com',
    'bob <at> example <dot> com',
    'bob (at) example.com',
    'bob[@]example.com',
    'bob @ example.com',
    'BOB AT EXAMPLE DOT COM',
    'bob at example dot com',
    'Ask bob at example dot com, please.',
    'bob [ at ] example [ . ] com',
    'bob&nbsp;[at]&nbsp;example&nbsp;[dot]&nbsp;com',
  ])('reads the disguise %j', (text) => {
    expect(extractEmails(text)).toEqual(BOB);
  });

  it('reads a disguised name and a domain of several labels', () => {
    expect(extractEmails('bob [dot] roofer {at} mail [dot] example [dot] co [dot] uk')).toEqual([
      'bob.roofer@mail.example.co.uk',
    ]);
  });

  it.each([
    '',
    '@',
    'bob@',
    '@example.com',
    'bob@example',
    'user@localhost',
    'bob@example.invalidtld',
    'bob@192.168.1.1',
    'bob@-example.com',
    'bob.@example.com',
    `${'x'.repeat(65)}@example.com`,
    'bob@example.com@example.org',
    '@bob@social.example.org',
    'logo@2x.png',
    'icon@1x.webp',
    'hero@3x.ai',
    'archive@1.5x.zip',
    'pkg@1.2.3',
    'readme@v1.2.md',
    '@scope/pkg@10.0.0-beta.1',
    'https://user:secret@example.com/path',
    'ssh://git@example.com/repo',
    'git@example.com:team/repo.git',
    'jürgen@example.com',
    'Meet us at example.com',
    'Visit us at example dot com',
    'lunch @ example.com',
    'INSTALL 2 @ 30A BREAKERS AT PANEL',
    '2 @ $3.50',
    'https://maps.example.com/@33.749,-84.388,15z',
  ])('finds nobody in %j', (text) => {
    expect(extractEmails(text)).toEqual([]);
  });
});

describe('extractEmails in HTML', () => {
  it.each<[string, string[]]>([
    ['<p>bob@example.com</p>', BOB],
    ['<td>bob@example.com</td><td>sue@example.org</td>', ['bob@example.com', 'sue@example.org']],
    ['<td>Roofing</td><td>bob@example.com</td><td>Fence</td>', BOB],
    ['bob<span>@</span>example.com', BOB],
    ['<b>bob</b>@example<wbr>.com', BOB],
    ['bob<!-- not for robots -->@example.com', BOB],
    ['jane<i>.doe</i>@example.com', ['jane.doe@example.com']],
    ['<b>Email</b><span>bob@example.com</span>', BOB],
    ['bob@example.com<br>sue@example.org', ['bob@example.com', 'sue@example.org']],
    ['<a href="mailto:bob@example.com?subject=Roof">Write</a>', BOB],
    ["<A HREF='MAILTO:bob%40example.com'>bob@example.com</A>", BOB],
    ['<a href=mailto:bob@example.com>Write</a>', BOB],
    ['<a href="&#109;ailto&#58;bob&#64;example.com">Write</a>', BOB],
    [`<a class="__cf_email__" data-cfemail="${protect('bob@example.com')}">[email&#160;protected]</a>`, BOB],
    [`<a href="/cdn-cgi/l/email-protection#${protect('bob@example.com')}?subject=x">Write</a>`, BOB],
    ['Bob <bob@example.com>', BOB],
    ['bob &lt;at&gt; example &lt;dot&gt; com', BOB],
    ['5 < 6 bob@example.com', BOB],
    ['<p title="sue@example.org" data-mail="x@example.org">bob@example.com', BOB],
    ['<img src="sue@example.org/logo@2x.png" alt="x@example.org">bob@example.com', BOB],
    ['<script>let mail = "sue@example.org"</script>bob@example.com', BOB],
    ['<style>/* sue@example.org */</style ><p>bob@example.com', BOB],
    ['<a title="a > b" href="mailto:bob@example.com">x</a>', BOB],
    ['<script>sue@example.org', []],
    ['<!-- sue@example.org -->', []],
    ['<p>bob@</p><p>example.com</p>', []],
  ])('finds in %j %j', (html, expected) => {
    expect(extractEmails(html, { html: true })).toEqual(expected);
  });
});

describe('extractEmails and hostile input', () => {
  const million = (part: string) => part.repeat(Math.ceil(1_000_000 / part.length));
  const parts = [
    'a',
    'a@',
    'a@a.',
    'a@a.co ',
    '&#',
    '&#64;',
    '((((',
    '[at]',
    ' at ',
    'x dot ',
    '<',
    '<a "',
    '<b>@',
    '<a href=',
  ];

  it.each([...parts, 'mailto:', '://a@', '%41', '..@', '<!--', '<script>', '\u00a0', 'aaaa <b>', '\ue000a@'])(
    'reads a megabyte of %j in a moment',
    (part) => {
      const text = million(part);
      const tookMs = cpuMsOf(() => {
        extractEmails(text);
        extractEmails(text, { html: true });
      });
      // What is quadratic takes minutes.
      expect(tookMs).toBeLessThan(15_000);
    },
  );

  it('reads no further than its documented bound', () => {
    expect(extractEmails(`${' '.repeat(MAX_INPUT_CHARS)}bob@example.com`)).toEqual([]);
  });

  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);
  const address = fc
    .tuple(word, word, fc.constantFrom('com', 'org', 'co.uk', 'net'))
    .map(([a, b, c]) => `${a}@${b}.${c}`);
  const noise = fc.string({ unit: 'binary', maxLength: 200 });

  it('never throws, and returns only addresses that it would accept again, each once', () => {
    fc.assert(
      fc.property(noise, address, noise, fc.boolean(), (before, middle, after, html) => {
        const found = extractEmails(`${before}${middle}${after}`, { html });
        expect(new Set(found).size).toBe(found.length);
        for (const one of found) expect(one).toBe(one.toLowerCase());
      }),
    );
  });

  it('finds every plain address of a list, in order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(address, { maxLength: 10 }), (addresses) => {
        expect(extractEmails(addresses.join('; '))).toEqual(addresses);
        expect(extractEmails(addresses.map((one) => `<td>${one}</td>`).join(''), { html: true })).toEqual(addresses);
        for (const one of addresses) expect(isEmail(one)).toBe(true);
      }),
    );
  });

  it('undoes Cloudflare for every key', () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 255 }), (one, key) => {
        expect(extractEmails(`<a data-cfemail="${protect(one, key)}">x</a>`, { html: true })).toEqual([one]);
      }),
    );
  });
});
