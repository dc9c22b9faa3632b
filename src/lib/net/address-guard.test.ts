import { describe, expect, it } from 'vitest';
import { checkAddress, checkUrl } from './address-guard.ts';

const REFUSED_URLS = [
  // Every spelling of loopback that the URL standard folds into 127.0.0.1.
  'http://127.0.0.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://0x7f.0.0.1/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://2130706433/',
  'http://127.0.0.1./',
  'http://127.255.255.254/',
  'http://%31%32%37.0.0.1/',
  'http://１２７.0.0.1/',
  'http://127。0。0。1/',
  'http://0/',
  'http://0.0.0.0/',
  'http://10.0.0.1/',
  'http://100.64.0.1/',
  'http://100.127.255.255/',
  'http://169.254.169.254/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.0.0.8/',
  'http://192.0.2.1/',
  'http://192.31.196.1/',
  'http://192.52.193.1/',
  'http://192.88.99.1/',
  'http://192.168.1.1/',
  'http://192.175.48.1/',
  'http://198.18.0.1/',
  'http://198.19.255.255/',
  'http://198.51.100.7/',
  'http://203.0.113.9/',
  'http://224.0.0.1/',
  'http://240.0.0.1/',
  'http://255.255.255.255/',
  'http://168.63.129.16/',
  'http://[::]/',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[::127.0.0.1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:ffff:10.0.0.1]/',
  'http://[64:ff9b::127.0.0.1]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[64:ff9b:1::1]/',
  'http://[100::1]/',
  'http://[2001::1]/',
  'http://[2001:db8::1]/',
  'http://[2002:7f00:1::]/',
  'http://[3fff::1]/',
  'http://[5f00::1]/',
  'http://[fc00::1]/',
  'http://[fd12:3456::1]/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  'http://localhost/',
  'http://LOCALHOST/',
  'http://localhost./',
  'http://a.localhost/',
  'http://printer.local/',
  'http://db.internal/',
  'http://metadata/',
  'http://metadata.google.internal/',
  'http://metadata.example.com/',
  'http://intranet/',
  'http://nas.lan/',
  'http://router.home.arpa/',
  'http://example.com:8080/',
  'https://example.com:22/',
  'http://example.com:0/',
  'http://user@example.com/',
  'http://user:secret@example.com/',
  'http://:secret@example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://example.com/',
  'data:text/html,hi',
  'javascript:alert(1)',
  '//example.com/',
  '/relative',
  '',
  'http://',
  'http://[::1',
];

const PUBLIC_URLS = [
  'http://example.com/',
  'https://data.example.gov/resource/abcd-1234.json?$limit=10',
  'https://example.com:443/',
  'http://example.com:80/',
  'https://example.com./',
  'http://8.8.8.8/',
  'http://172.32.0.1/',
  'http://[2606:4700::1111]/',
  'http://[::ffff:8.8.8.8]/',
  'http://[64:ff9b::8.8.8.8]/',
  'https://xn--bcher-kva.example/',
];

describe('checkUrl', () => {
  it.each(REFUSED_URLS)('refuses %j', (url) => {
    expect(checkUrl(url)).toMatchObject({ ok: false, reason: expect.stringMatching(/./) });
  });

  it.each(PUBLIC_URLS)('lets %j pass', (url) => {
    expect(checkUrl(url)).toEqual({ ok: true });
  });

  it('frees exactly the listed host and port, and nothing else', () => {
    const allow = ['127.0.0.1:8080', '[::1]:9000', 'portal.test:8443'];
    expect(checkUrl('http://127.0.0.1:8080/x', allow).ok).toBe(true);
    expect(checkUrl('http://0x7f.1:8080/x', allow).ok).toBe(true);
    expect(checkUrl('http://[0:0:0:0:0:0:0:1]:9000/', allow).ok).toBe(true);
    expect(checkUrl('https://portal.test:8443/', allow).ok).toBe(true);
    expect(checkUrl('http://127.0.0.1:8081/', allow).ok).toBe(false);
    expect(checkUrl('http://127.0.0.1/', allow).ok).toBe(false);
    expect(checkUrl('http://127.0.0.2:8080/', allow).ok).toBe(false);
    expect(checkUrl('http://localhost:8080/', allow).ok).toBe(false);
    expect(checkUrl('http://10.0.0.1/', allow).ok).toBe(false);
    expect(checkUrl('http://user@127.0.0.1:8080/', allow).ok).toBe(false);
    expect(checkUrl('ftp://127.0.0.1:8080/', allow).ok).toBe(false);
    expect(checkUrl('http://portal.test.evil.example:8443/', allow).ok).toBe(false);
  });
});

describe('checkAddress', () => {
  it.each([
    '127.1',
    '0177.0.0.1',
    '2130706433',
    'foo',
    '',
    '127.0.0.1',
    '::1',
    '::ffff:169.254.169.254',
    'fe80::1%eth0',
    '2606:4700::1%1',
    '64:ff9b::10.0.0.1',
  ])('refuses %j', (address) => {
    expect(checkAddress(address, 80).ok).toBe(false);
  });

  it('lets a public address pass on any port: the port was checked with the URL', () => {
    expect(checkAddress('8.8.8.8', 443).ok).toBe(true);
    expect(checkAddress('2606:4700::1111', 443).ok).toBe(true);
  });

  it('frees a listed address on its port only', () => {
    expect(checkAddress('127.0.0.1', 8080, ['127.0.0.1:8080']).ok).toBe(true);
    expect(checkAddress('127.0.0.1', 8081, ['127.0.0.1:8080']).ok).toBe(false);
    expect(checkAddress('::1', 9000, ['[::1]:9000']).ok).toBe(true);
    expect(checkAddress('::ffff:10.0.0.1', 8080, ['127.0.0.1:8080']).ok).toBe(false);
  });
});
