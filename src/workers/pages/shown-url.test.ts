import { describe, expect, it } from 'vitest';
import { shownUrl } from './shown-url.ts';

describe('shownUrl', () => {
  it.each([
    ['https://example.com/a?b=1&c=%20x+y', 'https://example.com/a?b=1&c=%20x+y'],
    ['https://user:secret@example.com/a#top', 'https://example.com/a'],
    ['https://example.com/a?$$app_token=abc&$limit=5', 'https://example.com/a?$$app_token=***&$limit=5'],
    ['https://example.com/a?%24%24app_token=abc', 'https://example.com/a?%24%24app_token=***'],
    [
      'https://example.com/a?appToken=abc&APIKEY=1&x-api-key=2',
      'https://example.com/a?appToken=***&APIKEY=***&x-api-key=***',
    ],
    ['https://example.com/a?password=p%26q&f=json', 'https://example.com/a?password=***&f=json'],
    [
      'https://example.com/a?X-Amz-Signature=1&X-Amz-Credential=2',
      'https://example.com/a?X-Amz-Signature=***&X-Amz-Credential=***',
    ],
    [
      'https://example.com/a?keyword=solar&monkey=1&passenger=2&author=3',
      'https://example.com/a?keyword=solar&monkey=1&passenger=2&author=3',
    ],
    ['https://example.com/a?token=&token', 'https://example.com/a?token=&token'],
    ['https://example.com/a?%=1&token=%zz', 'https://example.com/a?%=1&token=***'],
    ['https://example.com/a?', 'https://example.com/a'],
    ['not an address?token=abc', 'not an address'],
  ])('shows %j as %j', (address, shown) => {
    expect(shownUrl(address)).toBe(shown);
  });

  it('is never longer than 2,000 characters', () => {
    expect(shownUrl(`https://example.com/${'a'.repeat(100_000)}`)).toHaveLength(2_000);
    expect(shownUrl('x'.repeat(100_000))).toHaveLength(2_000);
  });
});
