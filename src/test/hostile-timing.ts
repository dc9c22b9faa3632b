import {
  answerHead,
  drip,
  type HostileRow,
  onFirstBytes,
  row,
  say,
  sayAndClose,
  sayAndReset,
  sayEndlessly,
} from './hostile-server.ts';

/** From when on a hostile body may be called slow. */
export const SLOW_FROM_MS = 1_500;

const CHUNKED = answerHead(['transfer-encoding: chunked']);
const ANNOUNCED = answerHead(['content-length: 90000']);
/** Before a slow body is given up, and long enough for a process that stands still now and then to get as far as the answer. */
const BRIEF = { timeoutMs: 1_000 };

/** For a client that gives up bodies below 1 KiB/s from SLOW_FROM_MS on, well before its deadline. */
export const SLOW_ANSWERS: HostileRow[] = [
  row('never answers', () => {}, 'timeout', BRIEF),
  row('drips header lines', drip('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n'), 'timeout', BRIEF),
  row('drips a status line', drip('HTTP/1.1 200 ', 'O'), 'timeout', BRIEF),
  row('never ends its status line', sayEndlessly('HTTP/1.1 200 ', 'O'.repeat(9000)), 'too-large'),
  row('drips interim answers', drip('', 'HTTP/1.1 102 Processing\r\n\r\n'), 'too-large'),
  row('drips a body past the deadline', drip(ANNOUNCED, 'x'), 'timeout', BRIEF),
  row('drips a body', drip(ANNOUNCED, 'x'), 'too-slow'),
  row('drips chunks', drip(CHUNKED, '1\r\nx\r\n'), 'too-slow'),
  row('stops in the middle of a body', say(ANNOUNCED, 'x'), 'too-slow'),
  row('announces a body and sends none', say(ANNOUNCED), 'too-slow'),
  row('never ends the extension of a chunk', sayEndlessly(`${CHUNKED}5;a=`, 'b'.repeat(9000)), 'too-large'),
];

export const EARLY_ENDS: HostileRow[] = [
  row('closes without a word', sayAndClose(), 'network'),
  row('resets without a word', (socket) => socket.resetAndDestroy(), 'network'),
  row('closes in the status line', sayAndClose('HTTP/1.1 2'), 'network'),
  row('closes in the headers', sayAndClose('HTTP/1.1 200 OK\r\nx-a:'), 'network'),
  row('resets in the headers', sayAndReset('HTTP/1.1 200 OK\r\nx-a:'), 'network'),
  row('resets after the headers', sayAndReset(answerHead(['content-length: 1000'])), 'incomplete'),
  row('resets in the body', sayAndReset(`${answerHead(['content-length: 1000'])}hello`), 'incomplete'),
  row('resets in a chunk', sayAndReset(`${CHUNKED}50\r\nhello`), 'incomplete'),
  row('resets at the end of a body without length', sayAndReset(`${answerHead([])}hello`), 'status 200: hello'),
];

const FORM = { postBytes: 300_000 };
export const UNREAD_FORMS: HostileRow[] = [
  row(
    'answers before it has read a form, and closes',
    onFirstBytes((socket) => socket.end(`${answerHead(['content-length: 3', 'connection: close'], '413')}big`)),
    'status 413: big',
    FORM,
  ),
  row(
    'answers before it has read a form, and goes on',
    onFirstBytes((socket) => socket.write(`${answerHead(['content-length: 3'], '400 Bad')}bad`)),
    'status 400: bad',
    FORM,
  ),
  row(
    'resets while a form is sent',
    onFirstBytes((socket) => socket.resetAndDestroy()),
    'network',
    FORM,
  ),
  row('never answers a form', () => {}, 'timeout', { ...FORM, ...BRIEF }),
];
