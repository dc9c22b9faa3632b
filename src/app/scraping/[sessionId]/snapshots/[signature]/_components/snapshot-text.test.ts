import { describe, expect, it } from 'vitest';
import { findInText, MATCHES_MAX } from './find-in-text.ts';
import { showControls } from './show-controls.ts';

describe('findInText', () => {
  it('finds every place in any case, and loses nothing', () => {
    const parts = findInText('Access DENIED: access denied', 'access');
    expect(parts).toEqual([
      { text: 'Access', match: 0 },
      { text: ' DENIED: ', match: null },
      { text: 'access', match: 1 },
      { text: ' denied', match: null },
    ]);
  });

  it.each(['a.c', '(', '[', '\\', '$', '^', '*', '{1}', '-', '/'])('takes "%s" as it stands', (wanted) => {
    const text = `one ${wanted} two abc`;
    const parts = findInText(text, wanted);
    expect(parts.filter(({ match }) => match !== null)).toEqual([{ text: wanted, match: 0 }]);
    expect(parts.map((part) => part.text).join('')).toBe(text);
  });

  it('marks no more than can be shown, and keeps the rest as text', () => {
    const parts = findInText('x'.repeat(MATCHES_MAX + 100), 'x');
    expect(parts).toHaveLength(MATCHES_MAX + 1);
    expect(parts.at(-1)).toEqual({ text: 'x'.repeat(100), match: null });
  });

  it('finds nothing in nothing', () => {
    expect(findInText('', 'x')).toEqual([]);
    expect(findInText('text', '')).toEqual([{ text: 'text', match: null }]);
  });
});

describe('showControls', () => {
  it('writes out what would turn or hide the text around it', () => {
    expect(showControls('a\u202eb\u0000c\u200bd')).toBe('a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d');
  });

  it('keeps markup, tabs, line ends and other scripts', () => {
    const text = '<script>alert("x")</script>\tä\n日本 😀';
    expect(showControls(text)).toBe(text);
    expect(showControls('a\r\nb')).toBe('a\nb');
  });
});
