import { describe, expect, it } from 'vitest';
import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { answerOf, forwardTo, isBinary } from './browser-answer.ts';

const page = (headers: Record<string, string>, text = 'x'): FetchedPage => ({
  url: 'https://example.com/',
  finalUrl: 'https://example.com/',
  status: 200,
  headers,
  text,
  notModified: false,
  bytes: text.length,
  durationMs: 1,
  fetchedAt: new Date(),
});

describe('answerOf', () => {
  it('says that the text is in UTF-8, whatever it came in, and nothing of a transfer that is over', () => {
    const answer = answerOf(
      page({ 'content-type': 'text/html; charset=windows-1252', 'content-encoding': 'gzip', 'content-length': '9' }),
      'text/plain',
    );
    expect(answer.headers).toEqual({
      'access-control-allow-origin': 'https://nobody.invalid',
      'content-type': 'text/html; charset=utf-8',
    });
  });

  it('takes the type that is usual for its place where the site names none', () => {
    expect(answerOf(page({}), 'text/javascript').headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(answerOf(page({ 'content-type': ' ; x' }), 'text/html').headers['content-type']).toContain('text/html');
  });

  it('keeps the rules that the site sets for the page, and drops what would make a download or outlast it', () => {
    const kept = { 'access-control-allow-origin': '*', 'content-security-policy': "script-src 'self'" };
    const dropped = { 'content-disposition': 'attachment', 'strict-transport-security': 'max-age=9', 'alt-svc': 'h3' };
    const { headers } = answerOf(page({ ...kept, ...dropped }), 'text/html');
    expect(headers).toEqual({ ...kept, 'content-type': 'text/html; charset=utf-8' });
  });

  it('takes joined cookies apart without breaking their dates', () => {
    const joined = 'a=1; Expires=Wed, 21 Oct 2099 07:28:00 GMT; Path=/, b=2; HttpOnly, c=x';
    expect(answerOf(page({ 'set-cookie': joined }), 'text/html').headers['set-cookie']).toBe(
      'a=1; Expires=Wed, 21 Oct 2099 07:28:00 GMT; Path=/\nb=2; HttpOnly\nc=x',
    );
  });
});

describe('forwardTo', () => {
  it('cannot be broken out of by an address', () => {
    const { body } = forwardTo('https://example.com/?a="</script><script>x()//');
    expect(body.match(/<\/script>/g)).toHaveLength(1);
    expect(body).toContain('\\"');
  });
});

describe('isBinary', () => {
  it.each([
    ['application/wasm', 'x', true],
    ['image/png', 'x', true],
    ['IMAGE/JPEG; q=1', 'x', true],
    ['image/svg+xml', '<svg/>', false],
    ['application/json', '{}', false],
    ['application/octet-stream', '{}', false],
    ['application/octet-stream', 'a\u0000b', true],
    ['', 'x', false],
  ])('tells "%s" with %j: %s', (type, text, expected) => {
    expect(isBinary(page({ 'content-type': type }, text))).toBe(expected);
  });
});
