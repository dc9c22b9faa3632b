import type { Socket } from 'node:net';

/** Writes for ever, as fast as the other side reads. */
export function writeEndlessly(socket: Socket, chunk: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

/** Writes a byte every 20 ms, for ever. */
export function dripBytes(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text.charAt(at % text.length));
    at += 1;
  }, 20);
  socket.on('close', () => clearInterval(timer));
}
