import type { Socket } from 'node:net';
import { dripBytes, writeEndlessly } from './endless-bytes.ts';
import { connectTarget, type FaultMode, type FaultProxy, joinSockets, OWN_PAGE } from './fault-proxy-modes.ts';

const REPLY_TAIL = [0, 1, 127, 0, 0, 1, 0, 80];
const GRANTED = Buffer.from([5, 0, ...REPLY_TAIL]);

/** Speaks RFC 1928 and 1929 with one client, in the proxy's mode. */
export function speakSocks5(socket: Socket, proxy: FaultProxy): void {
  void serve(socket, proxy).then(
    // Else nobody would see the client go.
    () => socket.resume(),
    () => socket.destroy(),
  );
}

async function serve(socket: Socket, proxy: FaultProxy): Promise<void> {
  const { mode, credentials } = proxy.options;
  const [, methods = 0] = await readBytes(socket, 2);
  const offered = await readBytes(socket, methods);
  const method = credentials || mode === 'refuses-credentials' ? 2 : 0;
  if (mode === 'stalls') return;
  if (mode === 'no-method' || !offered.includes(method)) return void socket.end(Buffer.from([5, 0xff]));
  socket.write(Buffer.from([5, method]));
  if (method === 2) {
    const accepted = await readCredentials(socket);
    const wanted = `${credentials?.username}:${credentials?.password}`;
    const good = mode !== 'refuses-credentials' && accepted === wanted;
    socket.write(Buffer.from([1, good ? 0 : 1]));
    if (!good) return void socket.end();
  }
  const target = await readTarget(socket);
  proxy.tunnels.push(target);
  await ANSWERS[mode](socket, target, proxy);
}

type Answer = (socket: Socket, target: string, proxy: FaultProxy) => unknown;

const replyWithCode: Answer = (socket, _target, { options }) =>
  socket.end(Buffer.from([5, options.replyCode ?? 1, ...REPLY_TAIL]));

const ANSWERS: Record<FaultMode, Answer> = {
  works: openTunnel,
  stalls: () => {},
  'refuses-credentials': (socket) => socket.end(),
  'bad-gateway': replyWithCode,
  forbidden: replyWithCode,
  closes: (socket) => socket.end(),
  resets: (socket) => socket.resetAndDestroy(),
  'page-in-tunnel': (socket) =>
    socket.write(Buffer.concat([GRANTED, Buffer.from(`HTTP/1.1 200 OK\r\n\r\n${OWN_PAGE}`)])),
  'own-page': (socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${OWN_PAGE}`),
  'page-when-asked': (socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${OWN_PAGE}`),
  garbage: (socket) => socket.write('220 mail.example.com ESMTP\r\n\r\n'),
  drips: (socket) => dripBytes(socket, '\u0005\u0000\u0000\u0003\u00ffname'),
  'endless-header': (socket) => {
    socket.write(GRANTED);
    writeEndlessly(socket, Buffer.alloc(4096));
  },
  'dies-after-tunnel': (socket) => socket.end(GRANTED),
  'dies-mid-body': openTunnel,
  'no-method': (socket) => socket.end(),
  'half-reply': (socket) => socket.write(GRANTED.subarray(0, 5)),
};

async function openTunnel(socket: Socket, target: string, proxy: FaultProxy): Promise<void> {
  const site = await connectTarget(target, proxy);
  if (site === null) return void socket.end(Buffer.from([5, 5, ...REPLY_TAIL]));
  socket.write(GRANTED);
  joinSockets(socket, site, proxy);
}

async function readCredentials(socket: Socket): Promise<string> {
  const readText = async () => String(await readBytes(socket, (await readBytes(socket, 1))[0] ?? 0));
  await readBytes(socket, 1);
  return `${await readText()}:${await readText()}`;
}

async function readTarget(socket: Socket): Promise<string> {
  const [, , , type] = await readBytes(socket, 4);
  const host =
    type === 3 ? String(await readBytes(socket, (await readBytes(socket, 1))[0] ?? 0)) : await readIp(socket, type);
  return `${host}:${(await readBytes(socket, 2)).readUInt16BE()}`;
}

async function readIp(socket: Socket, type: number | undefined): Promise<string> {
  if (type === 1) return [...(await readBytes(socket, 4))].join('.');
  const bytes = await readBytes(socket, 16);
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return `[${groups.join(':')}]`;
}

/** The next bytes of a paused socket. Rejects when it ends before. */
async function readBytes(socket: Socket, length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  for (;;) {
    const bytes: Buffer | null = socket.read(length);
    if (bytes !== null) return bytes;
    await new Promise<void>((resolve, reject) => {
      socket.once('readable', resolve).once('close', () => reject(new Error('The client went away')));
    });
  }
}
