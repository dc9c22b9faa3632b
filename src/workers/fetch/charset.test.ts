import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText } from './charset.ts';

const latin = Buffer.from([0x63, 0x61, 0x66, 0xe9]);
const utf8 = Buffer.from('café');

describe('decodeText', () => {
  it.each([
    ['no hint at all is UTF-8', utf8, undefined, 'café'],
    ['the header decides', latin, 'text/html; charset=ISO-8859-1', 'café'],
    ['a quoted header too', latin, 'text/html; charset="windows-1252"', 'café'],
    ['a byte order mark beats the header', Buffer.from('\uFEFFcafé'), 'text/html; charset=iso-8859-1', 'café'],
    ['UTF-16 with its mark', Buffer.from('\uFEFFcafé', 'utf16le'), 'text/html', 'café'],
    [
      'a meta tag',
      Buffer.concat([Buffer.from('<meta charset="iso-8859-1">'), latin]),
      'text/html',
      '<meta charset="iso-8859-1">café',
    ],
    [
      'an XML declaration',
      Buffer.concat([Buffer.from('<?xml version="1.0" encoding="iso-8859-1"?>'), latin]),
      'application/xml',
      '<?xml version="1.0" encoding="iso-8859-1"?>café',
    ],
    ['JSON is UTF-8 whatever the header says', utf8, 'application/json; charset=iso-8859-1', 'café'],
    ['and so is GeoJSON', utf8, 'application/geo+json; charset=latin1', 'café'],
    ['NUL is dropped', Buffer.from('ca\0fé\0'), 'text/html', 'café'],
    ['Latin-1 that claims to be UTF-8', latin, 'text/html; charset=utf-8', 'café'],
    ['Latin-1 that claims nothing', latin, 'text/html', 'café'],
    ['Latin-1 in JSON', Buffer.concat([Buffer.from('{"a":"'), latin]), 'application/json', '{"a":"café'],
    ['one slip in UTF-8', Buffer.concat([utf8, utf8, Buffer.from([0xe9])]), 'text/html', 'cafécafé\uFFFD'],
    [
      'a lone surrogate in UTF-8',
      Buffer.from([0x61, 0xed, 0xa0, 0x80, 0xc3, 0xa9, 0xc3, 0xa9, 0xc3, 0xa9, 0xc3, 0xa9]),
      'text/html',
      'a\uFFFD\uFFFD\uFFFDéééé',
    ],
    ['a lone surrogate in UTF-16', Buffer.from('\uFEFFa\ud800b', 'utf16le'), 'text/html', 'a\uFFFDb'],
    ['UTF-8 that claims to be Latin-1', utf8, 'text/html; charset=iso-8859-1', 'café'],
    ['UTF-8 that claims to be UTF-16', Buffer.from('<p>hello</p>'), 'text/html; charset=utf-16le', '<p>hello</p>'],
    [
      'UTF-8 that claims to be Latin-1 in a meta tag',
      Buffer.from('<meta charset="latin1">café'),
      'text/html',
      '<meta charset="latin1">café',
    ],
    ['UTF-16 without its mark', Buffer.from('<p>café</p>', 'utf16le'), 'text/html; charset=utf-8', '<p>café</p>'],
    [
      'big-endian UTF-16 without its mark',
      Buffer.from('<p>hello</p>', 'utf16le').swap16(),
      'text/html',
      '<p>hello</p>',
    ],
    ['UTF-16 that says so', Buffer.from('<p>café</p>', 'utf16le'), 'text/html; charset=utf-16le', '<p>café</p>'],
    ['NUL is all there is', Buffer.alloc(100), 'text/html', ''],
    ['nothing at all', Buffer.alloc(0), undefined, ''],
    [
      'ISO-2022-JP, which looks like ASCII',
      Buffer.from('\x1b$B%F\x1b(B', 'latin1'),
      'text/html; charset=iso-2022-jp',
      'テ',
    ],
    ['UTF-16 that is not UTF-8', Buffer.from([0xff, 0x41]), 'text/html; charset=utf-16le', '\u41ff'],
    ['Shift_JIS', Buffer.from([0x83, 0x65]), 'text/html; charset=Shift_JIS', 'テ'],
  ])('%s', (_name, body, contentType, text) => {
    expect(decodeText(body, contentType).text).toBe(text);
  });

  it('warns of a charset that does not exist and reads on', () => {
    expect(decodeText(utf8, 'text/html; charset=klingon')).toMatchObject({
      text: 'café',
      encoding: 'utf-8',
      warning: expect.stringContaining('"klingon"'),
    });
  });

  it('warns of a page that is not in what it claims', () => {
    expect(decodeText(utf8, 'text/html; charset=iso-8859-1')).toEqual({
      text: 'café',
      encoding: 'utf-8',
      warning: 'The page says that it is "windows-1252", but it is "utf-8"',
    });
    expect(decodeText(utf8, 'text/html; charset=utf-8').warning).toBeNull();
    expect(decodeText(latin, 'text/html; charset=iso-8859-1').warning).toBeNull();
  });

  it('turns every body and header into text without NUL', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (bytes, label) => {
        const { text } = decodeText(Buffer.from(bytes), `text/html; charset=${label}`);
        return !text.includes('\0');
      }),
    );
  });
});
