import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from '#test/browser/browser.ts';
import { createRenderBed, html, newRenderSession, type RenderBed } from '#test/render-bed.ts';
import { waitFor } from '#test/wait-for.ts';

/** A server that nobody may reach, at a private address, by TCP or UDP. */
interface Canary {
  tcpPort: number;
  udpPort: number;
  /** What came, by its first bytes. */
  heard: string[];
  close(): void;
}

async function startCanary(): Promise<Canary> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    heard.push('tcp');
    socket.on('error', () => {});
  });
  const udp = createSocket('udp4').on('message', () => heard.push('udp'));
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  return {
    tcpPort: (tcp.address() as AddressInfo).port,
    udpPort: udp.address().port,
    heard,
    close() {
      for (const socket of sockets) socket.destroy();
      tcp.close();
      udp.close();
    },
  };
}

/** Everything that a page can do to reach an address. What it cannot do (because the browser has no such thing) does not count. */
const reachOut = ({ tcpPort, udpPort }: Canary) => `<!doctype html><body><script>
  const http = 'http://127.0.0.1:${tcpPort}';
  const attempts = {
    fetch: () => fetch(http + '/fetch', { mode: 'no-cors', keepalive: true }).catch(() => {}),
    post: () => fetch(http + '/post', { method: 'POST', mode: 'no-cors', body: 'x' }).catch(() => {}),
    beacon: () => navigator.sendBeacon(http + '/beacon', 'x'),
    socket: () => new WebSocket('ws://127.0.0.1:${tcpPort}/socket'),
    events: () => new EventSource(http + '/events'),
    image: () => { new Image().src = http + '/image'; },
    frame: () => add('iframe', { src: http + '/frame' }),
    links: () => ['dns-prefetch', 'preconnect', 'prefetch', 'prerender', 'preload', 'modulepreload', 'stylesheet', 'icon', 'manifest']
      .forEach((rel) => add('link', { rel, href: http + '/' + rel, as: 'script' })),
    speculation: () => add('script', { type: 'speculationrules', textContent: JSON.stringify({ prerender: [{ source: 'list', urls: ['/next'] }] }) }),
    worker: () => new Worker(code("fetch('" + http + "/worker', { mode: 'no-cors' }); new WebSocket('ws://127.0.0.1:${tcpPort}/worker')")),
    sharedWorker: () => new SharedWorker(code("fetch('" + http + "/shared', { mode: 'no-cors' })")),
    popup: () => window.open(http + '/popup'),
    peer: () => {
      const peer = new RTCPeerConnection({ iceServers: [
        { urls: 'stun:127.0.0.1:${udpPort}' },
        { urls: 'turn:127.0.0.1:${tcpPort}?transport=tcp', username: 'a', credential: 'b' },
      ] });
      peer.createDataChannel('x');
      return peer.createOffer().then((offer) => peer.setLocalDescription(offer));
    },
    transport: () => new WebTransport('https://127.0.0.1:${udpPort}/').ready.catch(() => {}),
    metadata: () => fetch('http://169.254.169.254/latest/meta-data/', { mode: 'no-cors' }).catch(() => {}),
    file: () => add('iframe', { src: 'file:///etc/passwd' }),
  };
  function add(name, properties) { document.body.append(Object.assign(document.createElement(name), properties)); }
  function code(text) { return URL.createObjectURL(new Blob([text])); }
  const failed = [];
  for (const [name, attempt] of Object.entries(attempts)) try { attempt(); } catch { failed.push(name); }
  setTimeout(() => add('p', { id: 'done', textContent: 'could not even try: ' + failed.join() }), 1500);
</script>`;

let bed: RenderBed;
let canary: Canary;
beforeAll(async () => {
  bed = await createRenderBed();
  canary = await startCanary();
});
afterAll(async () => {
  canary.close();
  await bed.close();
});

describe('the browser for pages', () => {
  it('goes nowhere directly while a source has to use a proxy and there is none', async () => {
    const site = await bed.startSite({ '/': html('<p>page</p>') });
    const session = newRenderSession({ useProxy: true });
    expect(await bed.render(`${site.origin}/`, {}, session)).toMatchObject({ code: 'no_proxy', disposition: 'snooze' });
    expect(site.asked).toEqual([]);
  });

  it('reaches nothing by itself, whatever a page tries', async () => {
    const site = await bed.startSite({ '/': html(reachOut(canary)) });
    const page = await bed.render(`${site.origin}/`, { waitFor: { selector: '#done' } });
    expect(page.text).toMatch(/could not even try: </);
    expect(site.paths()).toEqual(['/robots.txt', '/']);
    expect(canary.heard).toEqual([]);
  });

  it('would reach the canary if it had a network (so the test before can fail)', async () => {
    const browser = await startBrowser();
    try {
      const site = await bed.startSite({ '/': html(reachOut(canary)) });
      await (await browser.newPage()).goto(`${site.origin}/`, { waitUntil: 'commit' });
      await waitFor(() => canary.heard.includes('tcp') && canary.heard.includes('udp'), { timeoutMs: 20_000 });
    } finally {
      await browser.close();
    }
  });
});
