import { describe, expect, it } from 'vitest';
import { hostKeyOf } from './host-key.ts';

describe('hostKeyOf', () => {
  it.each([
    ['https://data.example.com/a', 'example.com'],
    ['http://www.Example.COM:80/', 'example.com'],
    ['https://example.com./', 'example.com'],
    ['https://data.city.co.uk/', 'city.co.uk'],
    ['https://one.github.io/', 'one.github.io'],
    ['https://two.one.github.io/', 'one.github.io'],
    ['http://127.0.0.1:8080/', '127.0.0.1:8080'],
    ['http://127.0.0.1/', '127.0.0.1:80'],
    ['https://8.8.8.8/', '8.8.8.8:443'],
    ['http://[::1]:8080/', '[::1]:8080'],
    ['http://localhost:3000/', 'localhost:3000'],
    ['http://intranet/', 'intranet:80'],
  ])('gives %s the key %s', (url, key) => {
    expect(hostKeyOf(new URL(url))).toBe(key);
  });

  it.each([
    ['https://data.Example.com/a', 'data.example.com'],
    ['https://data.example.com./', 'data.example.com'],
    ['http://example.com:8080/', 'example.com'],
    ['https://two.one.github.io/', 'two.one.github.io'],
    ['http://127.0.0.1:8080/', '127.0.0.1:8080'],
    ['http://localhost:3000/', 'localhost:3000'],
  ])('gives %s, paced by host, the key %s', (url, key) => {
    expect(hostKeyOf(new URL(url), 'host')).toBe(key);
  });
});
