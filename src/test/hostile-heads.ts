import { answerHead, type HostileRow, row, say, sayAndClose, sayEndlessly, sayWhole } from './hostile-server.ts';

const HELLO = 'status 200: hello';
const hello = (statusLine: string) => say(`${statusLine}\r\ncontent-length: 5\r\n\r\nhello`);
const PLENTY = 'b'.repeat(9000);

export const OTHER_PROTOCOLS: HostileRow[] = [
  row('speaks HTTP/0.9', sayAndClose('<html>hello</html>'), 'network'),
  row('speaks SMTP', sayAndClose('220 mail.example.com ESMTP\r\n'), 'network'),
  row('speaks TLS', sayAndClose(Buffer.from([0x15, 3, 1, 0, 2, 2, 70])), 'network'),
  row('speaks a radio protocol', sayAndClose('ICY 200 OK\r\n\r\nhello'), 'network'),
  row('speaks HTTP/1.0', sayAndClose('HTTP/1.0 200 OK\r\n\r\nhello'), HELLO),
  row('speaks HTTP/1.0 and keeps alive', hello('HTTP/1.0 200 OK\r\nconnection: keep-alive'), HELLO),
  row('claims HTTP/2 in clear text', hello('HTTP/2.0 200 OK'), HELLO),
  row('claims HTTP/9.9', hello('HTTP/9.9 200 OK'), 'network'),
  row('has a status of two digits', hello('HTTP/1.1 20 OK'), 'network'),
  row('has a status of four digits', hello('HTTP/1.1 2000 OK'), 'network'),
  row('has a status in words', hello('HTTP/1.1 OK OK'), 'network'),
  row('has status 000', hello('HTTP/1.1 000 No'), 'network'),
  row('has status 999', hello('HTTP/1.1 999 Request denied'), 'status 999: hello'),
  row('gives no reason', hello('HTTP/1.1 200'), HELLO),
  row('begins with empty lines', hello('\r\n\r\nHTTP/1.1 200 OK'), HELLO),
  row('ends lines with LF alone', say('HTTP/1.1 200 OK\ncontent-length: 5\n\nhello'), 'network'),
  row('says to continue, unasked', hello('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK'), 'network'),
  row('hints before it answers', hello('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK'), HELLO),
  row('hints without end', sayEndlessly('', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)), 'too-large'),
  row('switches protocols', say('HTTP/1.1 101 Switching\r\nupgrade: a\r\nconnection: upgrade\r\n\r\n'), 'network'),
  row('offers an upgrade', sayWhole(['upgrade: h2c', 'connection: upgrade'], 'hello'), HELLO),
];

export const STRANGE_HEADERS: HostileRow[] = [
  row('sends endless headers', sayEndlessly('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n'.repeat(99)), 'too-large'),
  row('sends one endless header', sayEndlessly('HTTP/1.1 200 OK\r\nx-a: ', PLENTY), 'too-large'),
  row('sends one endless header name', sayEndlessly('HTTP/1.1 200 OK\r\n', PLENTY), 'too-large'),
  row('sets endless cookies', sayEndlessly('HTTP/1.1 200 OK\r\n', 'set-cookie: a=b\r\n'.repeat(99)), 'too-large'),
  row('has a NUL in a header', sayWhole(['x-a: b\0c'], 'hello'), 'network'),
  row('has a line that is no header', sayWhole(['what is this'], 'hello'), 'network'),
  row('has a blank before the colon', sayWhole(['x-a : b'], 'hello'), 'network'),
  row('has a header without a name', sayWhole([': b'], 'hello'), 'network'),
  row('folds a header', sayWhole(['x-a: b\r\n c'], 'hello'), 'network'),
  row(
    'has bytes above 127 in a header',
    say(Buffer.from('HTTP/1.1 200 OK\r\nx-a: caf\xe9\r\ncontent-length: 5\r\n\r\nhello', 'latin1')),
    HELLO,
  ),
  row('names a header after the prototype', sayWhole(['__proto__: polluted', 'constructor: polluted'], 'hello'), HELLO),
  row('names its type twice', sayWhole(['content-type: text/html', 'content-type: a/b'], 'hello'), HELLO),
  row('sends 204 with a body', sayWhole([], 'hello', '204 No Content'), 'status 204: '),
  row('sends 304 with a body', sayWhole([], 'hello', '304 Not Modified'), 'status 304: '),
  row('sends 205 with a body', sayWhole([], 'hello', '205 Reset Content'), 'status 205: hello'),
];

const LOCATIONS = [
  'file:///etc/passwd',
  'gopher://127.0.0.1/',
  'http://169.254.169.254/',
  'javascript:alert(1)',
  '\\\\host\\share',
  '//',
  '/',
  '',
];
const STATUSES = ['300 Choices', '301 Moved', '303 Other', '305 Proxy', '307 Again', '308 For good', '399 What'];

/** The client follows none of them; where they lead is judged elsewhere. */
export const REDIRECTS: HostileRow[] = [
  ...LOCATIONS.map((location) =>
    row(`leads to "${location}"`, sayWhole([`location: ${location}`], 'moved', '302 Found'), 'status 302: '),
  ),
  ...STATUSES.map((status) =>
    row(`leads on with ${status}`, sayWhole(['location: /next'], 'moved', status), `status ${status.slice(0, 3)}: `),
  ),
  row('leads nowhere', sayWhole([], 'moved', '302 Found'), 'status 302: moved'),
  row('leads two ways at once', sayWhole(['location: /a', 'location: /b'], 'moved', '302 Found'), 'status 302: '),
  row(
    'leads on in an encoding that is none',
    sayWhole(['location: /a', 'content-encoding: x'], 'moved', '302'),
    'status 302: ',
  ),
  row('leads on and says no more', say(answerHead(['location: /a', 'content-length: 90000'], '302')), 'status 302: '),
];
