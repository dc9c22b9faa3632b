import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseProxyUrl } from './proxy-url.ts';
import { decryptSecret, encryptSecret } from './secret-box.ts';

describe('parseProxyUrl', () => {
  it.each([
    [
      'http://Proxy.example:8080',
      { protocol: 'http', host: 'proxy.example', port: 8080, username: null, password: null },
    ],
    ['proxy.example:3128', { protocol: 'http', host: 'proxy.example', port: 3128 }],
    ['https://proxy.example', { protocol: 'https', port: 443 }],
    [
      'socks5://u:p%40ss@10.0.0.1',
      { protocol: 'socks5', host: '10.0.0.1', port: 1080, username: 'u', password: 'p@ss' },
    ],
    ['socks5://PROXY.Example:80', { host: 'proxy.example', port: 80 }],
    ['socks5://0x7f.1:1080', { host: '127.0.0.1', port: 1080 }],
    ['http://[2606:4700::1]:8080/', { host: '[2606:4700::1]', port: 8080 }],
  ])('reads %s', (text, expected) => {
    expect(parseProxyUrl(text)).toMatchObject(expected);
  });

  it.each([
    '',
    'ftp://proxy.example:21',
    'http://',
    'http://proxy.example:99999',
    'http://proxy.example/path',
    'http://p:0',
    'socks5://a%20b:1080',
    'socks5://256.1.1.1:1080',
    'http://u:%zz@p:1',
  ])('refuses %j', (text) => {
    expect(() => parseProxyUrl(text)).toThrow(/^The proxy "/);
  });

  it('shows no password in its messages', () => {
    for (const text of ['http://u:hidden@p:1/path', 'u:hidden@p:0', 'ftp://u:hidden@p', 'http://u:hid@den@p:99999']) {
      expect(() => parseProxyUrl(text)).toThrow(/^(?!.*(hidden|den@)).*$/);
    }
  });
});

describe('encryptSecret', () => {
  it('is undone with the same key only, and never gives the same text twice', () => {
    const key = randomBytes(32);
    const sealed = encryptSecret('pässword', key);
    expect(decryptSecret(sealed, key)).toBe('pässword');
    expect(encryptSecret('pässword', key)).not.toBe(sealed);
    expect(() => decryptSecret(sealed, randomBytes(32))).toThrow();
    expect(() => decryptSecret(`${sealed.slice(0, -4)}AAAA`, key)).toThrow();
  });
});
