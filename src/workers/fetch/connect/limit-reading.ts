import type { Socket } from 'node:net';
import { FetchFailureError } from '../http-outcome.ts';

/**
 * Ends a connection that brings more than `bytesMax` bytes since something was last written to it. Limits of headers and
 * bodies do not see what is neither: reasons behind a status, extensions of chunks, chunks of one byte each.
 * It counts what is read by `read()`, as undici does in HTTP/1.1; HTTP/2 has limits of its own.
 */
export function limitReading(socket: Socket, bytesMax: number): Socket {
  const read = socket.read.bind(socket);
  let written = socket.bytesWritten;
  let bytes = 0;
  socket.read = (size) => {
    const chunk = read(size);
    if (socket.bytesWritten !== written) bytes = 0;
    written = socket.bytesWritten;
    bytes += chunk?.length ?? 0;
    if (bytes > bytesMax) {
      socket.destroy(new FetchFailureError('too-large', `The answer takes more than ${bytesMax} bytes, all told`));
    }
    return chunk;
  };
  return socket;
}
