import { describe, expect, it } from 'vitest';
import { safeNextPath } from './next-path.ts';

describe('safeNextPath', () => {
  it.each(['/leads', '/leads?state=GA&text=a%2Fb', '/scraping/12#log'])('keeps "%s"', (next) => {
    expect(safeNextPath(next)).toBe(next);
  });

  it.each([
    null,
    '',
    'leads',
    '//evil.example.com',
    '///evil.example.com',
    '/\\evil.example.com',
    '\\\\evil.example.com',
    '/\t/evil.example.com',
    '/\n/evil.example.com',
    '/./\\evil.example.com',
    '/.//evil.example.com',
    '/a/..//evil.example.com',
    'https://evil.example.com',
    'http:evil.example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    '@evil.example.com',
    '/sign-in?next=/leads',
    '/api/leads/export',
    `/${'a'.repeat(3000)}`,
  ])('sends %j to the start page', (next) => {
    expect(safeNextPath(next)).toBe('/scraping');
  });
});
