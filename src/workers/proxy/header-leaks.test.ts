import { describe, expect, it } from 'vitest';
import { findHeaderLeaks } from './header-leaks.ts';

const OWN = '93.184.216.34';
const seen = (headers: Record<string, string>, address = '198.35.26.96') => ({
  nonce: 'a'.repeat(32),
  address,
  headers,
  signature: '',
});
const direct = (headers: Record<string, string> = { 'x-forwarded-for': OWN }) => ({ address: OWN, headers });

describe('findHeaderLeaks', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['nothing but the peer that the framework notes', { 'x-forwarded-for': '198.35.26.96' }, []],
    ['a proxy that names itself', { 'x-forwarded-for': '198.35.26.96', via: '1.1 squid' }, ['via']],
    ['one that adds an address', { 'x-forwarded-for': '10.0.0.7, 198.35.26.96' }, ['x-forwarded-for']],
    [
      'one that adds our address',
      { 'x-forwarded-for': `${OWN}, 198.35.26.96`, 'x-real-ip': OWN },
      ['x-forwarded-for', 'x-real-ip', 'own address'],
    ],
    ['one that forwards it under another name', { forwarded: `for=${OWN}` }, ['forwarded', 'own address']],
  ])('of %s are %j', (_name, headers, leaks) => {
    expect(findHeaderLeaks(seen(headers), direct())).toEqual(leaks);
  });

  it('does not blame a proxy for what the dashboard’s own front adds', () => {
    const front = { via: '1.1 front', 'x-forwarded-for': OWN, 'x-real-ip': OWN };
    const through = { via: '1.1 front', 'x-forwarded-for': '198.35.26.96', 'x-real-ip': '198.35.26.96' };
    expect(findHeaderLeaks(seen(through), direct(front))).toEqual([]);
  });

  it('tells when sites see our own address as the sender', () => {
    expect(findHeaderLeaks(seen({ 'x-forwarded-for': OWN }, OWN), direct())).toEqual(['own address']);
    const loopback = { address: '127.0.0.1', headers: { 'x-forwarded-for': '127.0.0.1' } };
    expect(findHeaderLeaks(seen({ 'x-forwarded-for': '127.0.0.1' }, '127.0.0.1'), loopback)).toEqual([]);
  });

  it('knows less without a direct look, and says only what is sure', () => {
    expect(findHeaderLeaks(seen({ 'x-forwarded-for': OWN, via: '1.1 squid' }), null)).toEqual(['via']);
  });
});
