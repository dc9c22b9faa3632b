import { describe, expect, it } from 'vitest';
import { readJsonBody } from './parse-json-body.ts';

/** As it comes from the network: a body without bytes is a stream all the same. */
function request(bytes: string, headers: Record<string, string> = {}): Request {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes !== '') controller.enqueue(new TextEncoder().encode(bytes));
      controller.close();
    },
  });
  return new Request('http://127.0.0.1/', { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
}

describe('readJsonBody', () => {
  it('takes no body, which needs no content type, for an empty object', async () => {
    expect(await readJsonBody(request(''))).toEqual({});
    expect(await readJsonBody(new Request('http://127.0.0.1/', { method: 'POST' }))).toEqual({});
    expect(await readJsonBody(request('', { 'content-type': 'application/json' }))).toEqual({});
  });

  it('refuses a body that does not say it is JSON', async () => {
    await expect(readJsonBody(request('{}'))).rejects.toMatchObject({ code: 'not_json' });
    await expect(readJsonBody(request('', { 'content-type': 'text/plain' }))).rejects.toMatchObject({
      code: 'not_json',
    });
    await expect(readJsonBody(request('{}', { 'content-type': 'text/plain' }))).rejects.toMatchObject({
      code: 'not_json',
    });
  });
});
