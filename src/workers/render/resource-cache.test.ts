import { describe, expect, it } from 'vitest';
import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';
import { freshForMs, ResourceCache } from './resource-cache.ts';

const page = (text: string, headers: Record<string, string> = {}): FetchedPage => ({
  url: 'https://example.com/a.js',
  finalUrl: 'https://example.com/a.js',
  status: 200,
  headers,
  text,
  notModified: false,
  bytes: text.length,
  durationMs: 1,
  fetchedAt: new Date(),
});
const key = (url: string, headers: Record<string, string> = {}) => ({ url, headers });

describe('freshForMs', () => {
  it.each([
    ['a script without a word', 'script', {}, {}, 300_000],
    ['data without a word', 'fetch', {}, {}, 0],
    ['data with an age', 'fetch', {}, { 'cache-control': 'public, max-age=60' }, 60_000],
    ['the age of a shared cache', 'fetch', {}, { 'cache-control': 'max-age=60, s-maxage=10' }, 10_000],
    ['an answer that is old already', 'fetch', {}, { 'cache-control': 'max-age=60', age: '45' }, 15_000],
    ['more than five minutes', 'script', {}, { 'cache-control': 'max-age=31536000, immutable' }, 300_000],
    ['max-age=0', 'script', {}, { 'cache-control': 'max-age=0' }, 0],
    ['no-store', 'script', {}, { 'cache-control': 'no-store, max-age=60' }, 0],
    ['no-cache', 'script', {}, { 'cache-control': 'No-Cache' }, 0],
    ['private', 'script', {}, { 'cache-control': 'private, max-age=60' }, 0],
    ['a script of somebody with a cookie', 'script', { cookie: 'a=1' }, {}, 0],
    [
      'a public script of somebody with a cookie',
      'script',
      { cookie: 'a=1' },
      { 'cache-control': 'max-age=60' },
      60_000,
    ],
    ['an answer to credentials', 'script', { authorization: 'x' }, { 'cache-control': 'max-age=60' }, 0],
    ['an answer that sets a cookie', 'script', {}, { 'set-cookie': 'a=1', 'cache-control': 'max-age=60' }, 0],
    ['an answer that depends on cookies', 'script', {}, { vary: 'Accept, Cookie' }, 0],
    ['an answer that depends on everything', 'script', {}, { vary: '*' }, 0],
    ['nonsense', 'fetch', {}, { 'cache-control': 'max-age=soon' }, 0],
  ])('keeps %s for the right time', (_what, type, asked, answer, expected) => {
    expect(freshForMs(asked as Record<string, string>, answer as Record<string, string>, type)).toBe(expected);
  });
});

describe('ResourceCache', () => {
  it('gives a script again until its time is over', () => {
    const cache = new ResourceCache();
    cache.keep(key('https://example.com/a.js'), 'script', page('1', { 'cache-control': 'max-age=10' }), 0);
    expect(cache.find(key('https://example.com/a.js'), 9_999)?.text).toBe('1');
    expect(cache.find(key('https://example.com/a.js'), 10_000)).toBeNull();
    expect(cache.find(key('https://example.com/a.js'), 0)).toBeNull();
  });

  it('keeps apart what was asked for from different origins, and never answers a request with credentials', () => {
    const cache = new ResourceCache();
    cache.keep(key('https://example.com/a.js', { origin: 'https://a.example' }), 'script', page('a'), 0);
    expect(cache.find(key('https://example.com/a.js', { origin: 'https://b.example' }), 1)).toBeNull();
    expect(
      cache.find(key('https://example.com/a.js', { origin: 'https://a.example', authorization: 'x' }), 1),
    ).toBeNull();
    expect(cache.find(key('https://example.com/a.js', { origin: 'https://a.example' }), 1)?.text).toBe('a');
  });

  it('drops what was used least recently once it is full, and takes nothing that is too large', () => {
    const cache = new ResourceCache(10);
    cache.keep(key('1'), 'script', page('aa'), 0);
    cache.keep(key('2'), 'script', page('bb'), 0);
    expect(cache.find(key('1'), 1)?.text).toBe('aa');
    cache.keep(key('3'), 'script', page('cc'), 2);
    expect(cache.find(key('2'), 3)).toBeNull();
    expect(cache.find(key('1'), 3)?.text).toBe('aa');
    cache.keep(key('4'), 'script', page('dddddd'), 4);
    expect(cache.find(key('4'), 5)).toBeNull();
    expect(cache.find(key('3'), 5)?.text).toBe('cc');
  });

  it('counts an entry once when it is kept again', () => {
    const cache = new ResourceCache(10);
    for (let turn = 0; turn < 9; turn += 1) cache.keep(key('1'), 'script', page('aa'), turn);
    cache.keep(key('2'), 'script', page('bb'), 9);
    expect(cache.find(key('1'), 10)?.text).toBe('aa');
  });
});
