import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyList } from './proxy-list.ts';

const only = (text: string) => parseProxyList(text).proxies[0]?.address;
const bare = { username: null, password: null };

describe('parseProxyList', () => {
  it.each([
    ['proxy.example.com:8080', { protocol: 'http', host: 'proxy.example.com', port: 8080, ...bare }],
    ['socks5://proxy.example.com', { protocol: 'socks5', host: 'proxy.example.com', port: 1080, ...bare }],
    ['https://u:p@proxy.example.com:8443/', { protocol: 'https', port: 8443, username: 'u', password: 'p' }],
    ['proxy.example.com:8080:user:secret', { protocol: 'http', port: 8080, username: 'user', password: 'secret' }],
    ['socks5://proxy.example.com:1080:user:a:b@c', { protocol: 'socks5', username: 'user', password: 'a:b@c' }],
    ['user:secret@proxy.example.com:8080', { protocol: 'http', username: 'user', password: 'secret' }],
    [
      'socks5://user:p@ss/w#rd%@proxy.example.com:1080',
      { protocol: 'socks5', username: 'user', password: 'p@ss/w#rd%' },
    ],
    ['http://user:p%40ss@proxy.example.com:80', { username: 'user', password: 'p@ss' }],
    ['user@proxy.example.com:8080', { username: 'user', password: null }],
    ['[2606:4700::1]:8080:user:secret', { host: '[2606:4700::1]', port: 8080, username: 'user', password: 'secret' }],
    ['93.184.216.34:3128   # in the cellar', { host: '93.184.216.34', port: 3128, ...bare }],
  ])('reads "%s"', (line, expected) => {
    expect(parseProxyList(line).problems).toEqual([]);
    expect(only(line)).toMatchObject(expected);
  });

  it('counts lines as an editor does, and leaves out comments and empty ones', () => {
    const list = parseProxyList(
      '\uFEFF# from the seller\r\n\r\na.example.com:80\r\n  \rb.example.com:port\n\nc.example.com:81',
    );
    expect(list.proxies.map(({ line, address }) => [line, address.host])).toEqual([
      [3, 'a.example.com'],
      [7, 'c.example.com'],
    ]);
    expect(list.problems).toEqual([{ line: 5, problem: expect.stringContaining('b.example.com') }]);
  });

  it('reads CSV by the names of its columns', () => {
    const list = parseProxyList(
      [
        'Host,Port,Country,Username,Password,Protocol',
        'a.example.com,8080,US,user,"se,cr""et",http',
        'b.example.com,1080,US,,,socks5',
        'c.example.com,,,,,',
        'd.example.com,99999,,,,',
        'x@e.example.com,80,,,,',
        'f.example.com,80,,,,ftp',
      ].join('\n'),
    );
    expect(list.proxies.map(({ address }) => address)).toEqual([
      { protocol: 'http', host: 'a.example.com', port: 8080, username: 'user', password: 'se,cr"et' },
      { protocol: 'socks5', host: 'b.example.com', port: 1080, ...bare },
      { protocol: 'http', host: 'c.example.com', port: 80, ...bare },
    ]);
    expect(list.problems.map(({ line }) => line)).toEqual([5, 6, 7]);
  });

  it.each([
    'proxy.example.com:port:user:hidden',
    'proxy.example.com:99999:user:hidden',
    'http://user:hidden',
    'user:hidden@',
    'ftp://user:hidden@proxy.example.com',
    'http://user:hid@den@proxy.example.com:99999',
    'http://proxy.example.com:80/?password=hidden',
    'proxy.example.com 80 user hidden',
    `proxy.example.com:80:user:hidden${'x'.repeat(3000)}`,
  ])('tells what is wrong with "%.60s" without its password', (line) => {
    const { proxies, problems } = parseProxyList(line);
    expect(proxies).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.problem).not.toMatch(/hid|den@/);
  });

  it('takes any text, and every line of it is read, reported or left out', () => {
    const unit = fc.constantFrom(...'ab1:@/#%"[]?,.\\ \t', 'é', '💥', '\u0000', '\ud800', 'http://', 'host,port');
    fc.assert(
      fc.property(fc.array(fc.string({ unit, maxLength: 30 }), { maxLength: 10 }), (lines) => {
        const { proxies, problems } = parseProxyList(lines.join('\n'));
        const seen = [...proxies, ...problems].map(({ line }) => line);
        expect(new Set(seen).size).toBe(seen.length);
        expect(Math.max(0, ...seen)).toBeLessThanOrEqual(lines.length);
      }),
    );
  });

  it('gives back what a URL was made of', () => {
    const text = fc.string({ minLength: 1, maxLength: 30 }).filter((part) => part.trim() === part && part !== '');
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 65_535 }), (username, password, port) => {
        const url = `http://${encodeURIComponent(username)}:${encodeURIComponent(password)}@proxy.example.com:${port}`;
        expect(only(url)).toEqual({ protocol: 'http', host: 'proxy.example.com', port, username, password });
      }),
    );
  });
});
