import { describe, expect, it } from 'vitest';
import { withCredentials } from './proxy-url.ts';

describe('withCredentials', () => {
  it('puts user name and password into the address, whatever is in them', () => {
    const url = withCredentials('socks5://proxy.example.com:1080', 'ann@office', 'p:a/s%s?#');
    expect(url).toBe('socks5://ann%40office:p%3Aa%2Fs%25s%3F%23@proxy.example.com:1080');
    expect(decodeURIComponent(new URL(url).password)).toBe('p:a/s%s?#');
  });

  it('leaves an address without them as it was typed, for the server to judge', () => {
    expect(withCredentials('proxy.example.com:8080', '', '')).toBe('proxy.example.com:8080');
    expect(withCredentials(' http://u:p@proxy.example.com:8080 ', '', '')).toBe('http://u:p@proxy.example.com:8080');
  });

  it('takes an address without a scheme as an HTTP proxy when there is a user name', () => {
    expect(withCredentials('proxy.example.com:8080', 'ann', '')).toBe('http://ann@proxy.example.com:8080');
  });
});
