import zlib from 'node:zlib';
import { answerHead, type HostileRow, row, say, sayAndClose, sayEndlessly, sayWhole } from './hostile-server.ts';

const CHUNKED = answerHead(['transfer-encoding: chunked']);
const NEXT = answerHead(['location: /next'], '302 Found');
const PLENTY = 'x'.repeat(9000);
const TEXT = Buffer.from('hello '.repeat(1000));
const ZEROS = Buffer.alloc(16 * 1024 * 1024);
/** A zstd frame whose header claims a window of 2 GiB. */
const WIDE_ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00]);

const quickBr = (data: Buffer) =>
  zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } });
const half = (data: Buffer) => data.subarray(0, data.length / 2);
const encoded = (encoding: string, body: string | Buffer, status?: string) =>
  sayWhole([`content-encoding: ${encoding}`], body, status);
const sized = (...lengths: string[]) => answerHead(lengths.map((length) => `content-length: ${length}`));
const KEPT = { keepsConnection: true };

export const ENDLESS_BODIES: HostileRow[] = [
  row('sends an endless body', sayEndlessly(answerHead(['connection: close']), PLENTY), 'too-large'),
  row('sends endless chunks', sayEndlessly(CHUNKED, `1000\r\n${'x'.repeat(4096)}\r\n`), 'too-large'),
  row('sends endless chunks of one byte', sayEndlessly(CHUNKED, '1\r\nx\r\n'.repeat(2000)), 'too-large'),
  row('sends endless trailers', sayEndlessly(`${CHUNKED}0\r\n`, 'x-a: b\r\n'.repeat(99)), 'too-large'),
  row('announces 100 MB', sayEndlessly(sized('104857600'), PLENTY), 'too-large'),
  row('announces more bytes than a number can say', sayEndlessly(sized('9'.repeat(40)), PLENTY), 'network'),
  row('leads on with an endless body', sayEndlessly(NEXT, PLENTY), 'status 302: '),
];

export const BOMBS: HostileRow[] = [
  row('sends a bomb in gzip', encoded('gzip', zlib.gzipSync(ZEROS)), 'too-large', KEPT),
  row('sends a bomb in deflate', encoded('deflate', zlib.deflateSync(ZEROS)), 'too-large', KEPT),
  row('sends a bomb in raw deflate', encoded('deflate', zlib.deflateRawSync(ZEROS)), 'too-large', KEPT),
  row('sends a bomb in br', encoded('br', quickBr(ZEROS)), 'too-large', KEPT),
  row('sends a bomb in zstd', encoded('zstd', zlib.zstdCompressSync(ZEROS)), 'too-large', KEPT),
  row('sends a bomb in a bomb', encoded('gzip, gzip', zlib.gzipSync(zlib.gzipSync(ZEROS))), 'too-large', KEPT),
  row('sends a bomb on an error page', encoded('br, gzip', zlib.gzipSync(quickBr(ZEROS)), '500'), 'too-large', KEPT),
];

export const ENCODING_LIES: HostileRow[] = [
  row('calls plain text gzip', encoded('gzip', '<html>'.repeat(100)), 'bad-encoding', KEPT),
  row('calls plain text deflate', encoded('deflate', '<html>'.repeat(100)), 'bad-encoding', KEPT),
  row('calls plain text br', encoded('br', '<html>'.repeat(100)), 'bad-encoding', KEPT),
  row('calls plain text zstd', encoded('zstd', '<html>'.repeat(100)), 'bad-encoding', KEPT),
  row('encodes three times', encoded('gzip, gzip, gzip', TEXT), 'bad-encoding', KEPT),
  row('encodes thrice in two headers', encoded('gzip, br\r\ncontent-encoding: gzip', TEXT), 'bad-encoding', KEPT),
  row('uses an encoding that nobody asked for', encoded('compress', TEXT), 'bad-encoding', KEPT),
  row('names an encoding after a property of objects', encoded('constructor', TEXT), 'bad-encoding', KEPT),
  row('wants a window of 2 GiB', encoded('zstd', WIDE_ZSTD), 'bad-encoding', KEPT),
  row('ends gzip early', encoded('gzip', half(zlib.gzipSync(TEXT))), 'incomplete', KEPT),
  row('ends deflate early', encoded('deflate', half(zlib.deflateSync(TEXT))), 'incomplete', KEPT),
  row('ends br early', encoded('br', half(zlib.brotliCompressSync(TEXT))), 'incomplete', KEPT),
  row('ends zstd early', encoded('zstd', half(zlib.zstdCompressSync(TEXT))), 'incomplete', KEPT),
  row('puts rubbish behind gzip', encoded('gzip', Buffer.concat([zlib.gzipSync(TEXT), TEXT])), 'bad-encoding', KEPT),
  row('encodes nothing', encoded('gzip', ''), 'status 200: '),
  row('names no encoding in many commas', encoded(',identity,,', 'hello'), 'status 200: hello'),
];

export const LENGTH_LIES: HostileRow[] = [
  row('sends less than it announced', sayAndClose(sized('1000'), 'short'), 'incomplete'),
  row('sends more than it announced', say(sized('5'), 'hello, and more'), 'status 200: hello'),
  row('announces two lengths', say(sized('5', '6'), 'hello!'), 'network'),
  row('announces one length twice', say(sized('5', '5'), 'hello'), 'network'),
  row('announces a list of lengths', say(sized('5, 5'), 'hello'), 'network'),
  row('announces a negative length', say(sized('-1'), 'hello'), 'network'),
  row('announces a length in words', say(sized('five'), 'hello'), 'network'),
  row('announces a length in hex', say(sized('0x5'), 'hello'), 'network'),
  row(
    'announces a length and sends chunks',
    say(answerHead(['content-length: 5', 'transfer-encoding: chunked']), '5\r\nhello\r\n0\r\n\r\n'),
    'network',
  ),
  row('sends a chunk size that is none', say(CHUNKED, 'zz\r\nhello\r\n'), 'incomplete'),
  row('sends a negative chunk size', say(CHUNKED, '-5\r\nhello\r\n'), 'incomplete'),
  row('sends a chunk size of 72 bits', say(CHUNKED, 'ffffffffffffffffff\r\nhello\r\n'), 'incomplete'),
  row('sends a chunk longer than it says', say(CHUNKED, '3\r\nhello\r\n0\r\n\r\n'), 'incomplete'),
  row('closes between chunks', sayAndClose(CHUNKED, '5\r\nhello\r\n'), 'incomplete'),
  row('closes in a chunk', sayAndClose(CHUNKED, '50\r\nhello'), 'incomplete'),
  row('closes before the last line', sayAndClose(CHUNKED, '5\r\nhello\r\n0\r\n'), 'incomplete'),
  row('sends trailers', say(CHUNKED, '5\r\nhello\r\n0\r\nx-a: b\r\n\r\n'), 'status 200: hello'),
  row('ends its body by closing', sayAndClose(answerHead([]), 'hello'), 'status 200: hello'),
];
