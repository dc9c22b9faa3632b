import { describe, expect, it } from 'vitest';
import { splitUrl } from './split-url.ts';

describe('splitUrl', () => {
  it.each([
    ['https://data.example.com/a?b=c', 'https://data.example.com', '/a?b=c'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080', '/'],
    ['https://DATA.example.com/a', '', 'https://DATA.example.com/a'],
    ['javascript:alert(1)', '', 'javascript:alert(1)'],
    ['no address', '', 'no address'],
  ])('splits %s without losing a character', (url, host, path) => {
    expect(splitUrl(url)).toEqual({ host, path });
  });
});
