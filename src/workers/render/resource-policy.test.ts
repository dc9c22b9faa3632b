import { describe, expect, it } from 'vitest';
import { headersToSend, judgeResource } from './resource-policy.ts';

const ANY_HOST = { siteKey: 'example.com', hosts: null };
const asked = (type: string, url = 'https://www.example.com/x', method = 'GET') => ({ type, url, method });

describe('judgeResource', () => {
  it.each(['script', 'xhr', 'fetch'])('lets a page read a %s', (type) => {
    expect(judgeResource(asked(type), ANY_HOST)).toEqual({ kind: 'fetch' });
  });

  it.each(['image', 'font', 'media', 'document', 'other', 'ping', 'manifest', 'websocket', 'texttrack', 'prefetch'])(
    'refuses a %s, which changes no text',
    (type) => {
      expect(judgeResource(asked(type), ANY_HOST)).toMatchObject({ kind: 'refuse' });
    },
  );

  it('gives nothing for a style sheet, and for an event source the answer after which it does not ask again', () => {
    expect(judgeResource(asked('stylesheet'), ANY_HOST)).toMatchObject({ kind: 'nothing', status: 200 });
    expect(judgeResource(asked('eventsource'), ANY_HOST)).toMatchObject({ kind: 'nothing', status: 204 });
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])('refuses %s: pages may only read', (method) => {
    expect(judgeResource(asked('fetch', 'https://www.example.com/x', method), ANY_HOST)).toMatchObject({
      kind: 'refuse',
    });
  });

  it.each(['file:///etc/passwd', 'ftp://example.com/x', 'chrome://version', 'blob:https://example.com/1', 'garbage'])(
    'refuses %s, which is not on the web',
    (url) => {
      expect(judgeResource(asked('fetch', url), ANY_HOST)).toMatchObject({ kind: 'refuse' });
    },
  );

  it('keeps to the hosts that were named, beside the whole site of the page', () => {
    const limits = { siteKey: 'example.com', hosts: ['cdn.example.net', 'api.example.org:8443'] };
    const kindOf = (url: string) => judgeResource(asked('script', url), limits).kind;
    expect(kindOf('https://data.example.com/a.js')).toBe('fetch');
    expect(kindOf('https://cdn.example.net/a.js')).toBe('fetch');
    expect(kindOf('https://api.example.org:8443/a.js')).toBe('fetch');
    expect(kindOf('https://api.example.org/a.js')).toBe('refuse');
    expect(kindOf('https://other.example.net/a.js')).toBe('refuse');
    expect(kindOf('https://cdn.example.net.example.org/a.js')).toBe('refuse');
  });
});

describe('headersToSend', () => {
  it('keeps what the page says, and leaves out who asks and what would make the answer partial or unchanged', () => {
    const said = {
      accept: '*/*',
      referer: 'https://example.com/',
      cookie: 'a=1',
      'x-api-version': '3',
      origin: 'null',
    };
    const dropped = {
      'user-agent': 'Chrome',
      'sec-ch-ua': 'x',
      'Sec-Fetch-Mode': 'cors',
      host: 'example.net',
      range: 'bytes=0-1',
      'if-none-match': '"x"',
      'accept-encoding': 'br',
      'content-length': '9',
      'proxy-authorization': 'x',
    };
    expect(headersToSend({ ...said, ...dropped })).toEqual(said);
  });
});
