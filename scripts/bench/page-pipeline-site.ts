// The site of the page bench: fifty different listings of 39 KiB at /list/N, and a robots.txt. Sends its port to its parent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const CARDS = 46;
const VARIANTS = 50;

const card = (page: number, index: number) => `<article class="card" data-id="${page}-${index}">
  <h2 class="title"><a class="link" href="/listing/${page}-${index}?ref=list&amp;page=${page}">Roof repair wanted in Savannah, number ${index}</a></h2>
  <div class="meta"><span class="place">Savannah, GA 31401</span> <time class="date" datetime="2026-01-${10 + (index % 20)}">Jan ${10 + (index % 20)}</time></div>
  <p class="summary">Looking for a contractor who can replace about ${index * 10} square feet of shingles &amp; flashing on a two storey house built in 1980. Please send an estimate before the end of the month.</p>
  <ul class="tags"><li>roofing</li><li>residential</li><li>urgent</li></ul>
  <div class="contact"><a class="mail" href="mailto:person${index}@example.com">person${index}@example.com</a> <span class="phone">(912) 555-01${10 + (index % 90)}</span> <b class="price">$${index * 100}</b></div>
  <img class="thumb" src="/img/${page}-${index}.jpg" alt="house ${index}" width="120" height="90" loading="lazy">
</article>`;

const pages = Array.from({ length: VARIANTS }, (_, page) => {
  const cards = Array.from({ length: CARDS }, (_, index) => card(page, index)).join('\n');
  const menu = '<a href="/x">menu</a>'.repeat(20);
  return Buffer.from(
    `<!doctype html><html><head><title>List ${page}</title></head><body><nav>${menu}</nav><main>${cards}</main></body></html>`,
  );
});

const server = createServer((request, response) => {
  if (request.url === '/robots.txt') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('User-agent: *\nDisallow: /private\n');
    return;
  }
  const number = Number(request.url?.split('/').at(-1));
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(pages[number % VARIANTS]);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit(0));
