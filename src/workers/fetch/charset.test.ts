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
    ['wrong bytes become replacement characters', latin, 'text/html; charset=utf-8', 'caf\uFFFD'],
    ['a header that lies falls back to no error', Buffer.from([0xff, 0x41]), 'text/html; charset=utf-16le', '\u41ff'],
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

  it('turns every body and header into text without NUL', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (bytes, label) => {
        const { text } = decodeText(Buffer.from(bytes), `text/html; charset=${label}`);
        return !text.includes('\0');
      }),
    );
  });
});
