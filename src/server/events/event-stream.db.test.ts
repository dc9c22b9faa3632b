import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GET as events } from '#app/api/events/route.ts';
import { GET as sessionEvents } from '#app/api/sessions/[id]/events/route.ts';
import { routeParams } from '#test/api-routes.ts';
import { startApiServer } from '#test/api-server.ts';
import { apiRequest, createTestServerContext, TEST_TOKEN, type TestServerContext } from '#test/server-context.ts';
import { waitFor } from '#test/wait-for.ts';
import type { HubMessage } from './event-hub.ts';
import { respondEventStream } from './event-stream.ts';

let server: TestServerContext;
beforeAll(async () => {
  server = await createTestServerContext();
});
afterAll(() => server.close());

/** Collects what a stream says until it is aborted. */
function collect(response: Response): { text(): string; ended: Promise<void> } {
  let text = '';
  const ended = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => {});
  return { text: () => text, ended };
}

describe('the event stream', () => {
  it('tells what changed, and cannot be held back by compression or proxies', async () => {
    const leaving = new AbortController();
    const response = await events(apiRequest('/api/events', { signal: leaving.signal }), routeParams());
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('cache-control')).toContain('no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const heard = collect(response);
    await waitFor(() => heard.text().includes('"database":"ok"'));
    server.context.publisher.publish(['leads'], [3]);
    await waitFor(() => /event: change\ndata: \{"topics":\["leads"\],"sessionIds":\[3\]\}/.test(heard.text()), {
      what: heard.text(),
    });
    leaving.abort();
    await heard.ended;
  });

  it('of one session leaves out the others', async () => {
    const { sessions } = await server.context.queue.enqueue([{ source: 'permits', location: 'x' }]);
    const id = sessions[0]?.id ?? 0;
    const leaving = new AbortController();
    const response = await sessionEvents(apiRequest('/x', { signal: leaving.signal }), routeParams(`${id}`));
    const heard = collect(response);
    await waitFor(() => server.context.hub.databaseState === 'ok');
    server.context.publisher.publish(['sessions'], [id + 1]);
    await server.context.publisher.flush();
    server.context.publisher.publish(['sessions', 'workers'], [id]);
    await waitFor(() => heard.text().includes(`{"topics":["sessions"],"sessionIds":[${id}]}`));
    expect(heard.text()).not.toContain(`[${id + 1}]`);
    leaving.abort();
    await heard.ended;
  });

  it('beats while nothing happens', async () => {
    const leaving = new AbortController();
    const request = apiRequest('/api/events', { signal: leaving.signal });
    const heard = collect(respondEventStream(request, server.context.hub, { heartbeatMs: 20 }));
    await waitFor(
      () =>
        heard
          .text()
          .split('\n')
          .filter((line) => line.startsWith(':')).length >= 2,
    );
    leaving.abort();
    await heard.ended;
  });

  it.each(['the connection breaks', 'the body is given up', 'nobody reads'])('is forgotten when %s', async (how) => {
    let subscribers = 0;
    let announce: (message: HubMessage) => void = () => {};
    const hub = {
      databaseState: 'ok' as const,
      subscribe(onMessage: (message: HubMessage) => void) {
        announce = onMessage;
        subscribers += 1;
        return () => {
          subscribers -= 1;
        };
      },
      ending: new AbortController().signal,
    };
    const leaving = new AbortController();
    const request = apiRequest('/api/events', { signal: leaving.signal });
    const response = respondEventStream(request, hub, { heartbeatMs: 20 });
    const reader = response.body?.getReader();
    await reader?.read();
    expect(subscribers).toBe(1);
    if (how === 'the connection breaks') leaving.abort();
    else if (how === 'the body is given up') await reader?.cancel();
    else for (let i = 0; i < 3_000; i += 1) announce({ kind: 'change', event: { topics: ['leads'], sessionIds: [1] } });
    await waitFor(() => subscribers === 0);
  });
});

describe('a server that is told to stop', () => {
  it('is kept by no stream, and by none that is opened then', async () => {
    const http = await startApiServer();
    const response = await fetch(`${http.origin}/api/events`, { headers: { authorization: `Bearer ${TEST_TOKEN}` } });
    const heard = collect(response);
    await waitFor(() => heard.text() !== '');
    // Else the server would wait some seconds more for the next request on its connection.
    expect(response.headers.get('connection')).toBe('close');
    const drained = http.drain();
    server.context.hub.end();
    await drained;
    await heard.ended;
    await collect(await events(apiRequest('/api/events'), routeParams())).ended;
  });
});
