import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ResolveHost } from '#workers/fetch/connect/resolve-host.ts';

/** A server that nobody may reach. */
export interface Canary {
  port: number;
  /** Connections, whether or not a request came with them. */
  touches: number;
  close(): Promise<void>;
}

export async function startCanary(): Promise<Canary> {
  const server = createServer((_request, response) => void response.end('the canary'));
  const canary: Canary = {
    port: 0,
    touches: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('connection', () => {
    canary.touches += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  canary.port = (server.address() as AddressInfo).port;
  return canary;
}

/** Spellings of 127.0.0.1 that the URL standard folds into one. */
const LOOPBACK_SPELLINGS = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.000.000.001',
  '127.0.0.1.',
  '0x7f.0.0.1',
  '0x7f.0x0.0x0.0x1',
  '0X7F.1',
  '0x7f.0.1',
  '0x7f000001',
  '0x0000000007f000001',
  '127.0x0.0.01',
  '0177.0.0.1',
  '0177.0.0.01',
  '0177.1',
  '017700000001',
  '00000000000000000177.0.0.1',
  '2130706433',
  '2130706433.',
  '%31%32%37.0.0.1',
  '%31%32%37%2e%30%2e%30%2e%31',
  '１２７.０.０.１',
  '127。0。0。1',
  '127．0．0．1',
  '127｡0｡0｡1',
  '①②⑦.⓪.⓪.①',
  '𝟏𝟐𝟕.𝟎.𝟎.𝟏',
  '127.0.0\u00ad.1',
];

const HOSTS = [
  // This machine.
  '0',
  '0.0',
  '0x0',
  '000.000.000.000',
  '0.0.0.0',
  '127.0.0.2',
  '127.127.127.127',
  '127.255.255.255',
  // Its networks.
  '10.0.0.1',
  '10.255.255.255',
  '012.0.0.1',
  '0xa.0.0.1',
  '167772161',
  '172.16.0.1',
  '172.31.255.254',
  '0xac100001',
  '192.168.0.1',
  '192.168.257',
  '0xc0a80101',
  '3232235777',
  '100.64.0.1',
  '100.127.255.254',
  // What clouds tell their machines.
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '0251.0376.0251.0376',
  '169.254.43518',
  '169.254.170.2',
  '168.63.129.16',
  '192.0.0.192',
  '100.100.100.200',
  // No hosts at all.
  '192.0.2.1',
  '192.31.196.1',
  '192.52.193.1',
  '192.88.99.1',
  '192.175.48.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  // IPv6: this machine, and IPv4 in every dress.
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::0.0.0.1]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7F00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:c0a8:101]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::10.0.0.1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:7f00:1::]',
  '[2001:0:4136:e378:8000:63bf:80ff:fffe]',
  // IPv6: local, reserved, not assigned.
  '[2001:10::1]',
  '[2001:20::1]',
  '[2001:db8::1]',
  '[100::1]',
  '[3fff::1]',
  '[4000::1]',
  '[5f00::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[ff0e::1]',
  '[fe80::1%25lo]',
  '[::1%25lo]',
  // Names of this machine, its network and its cloud.
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  'loc%61lhost',
  'ｌｏｃａｌｈｏｓｔ',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'localhost.localdomain',
  'ip6-localhost',
  'intranet',
  'printer.local',
  'db.internal',
  'nas.lan',
  'router.home.arpa',
  'host.docker.internal',
  'kubernetes.default.svc.cluster.local',
  'metadata',
  'metadata.goog',
  'metadata.google.internal',
  'instance-data',
  'hidden.onion',
];

/** Addresses with a trick around the host. PORT is the canary's. */
const TRICKS = [
  'http://example.com@127.0.0.1:PORT/',
  'http://example.com:80@127.0.0.1:PORT/',
  'http://example.com%40@127.0.0.1:PORT/',
  'http://127.0.0.1:PORT\\@example.com/',
  'http://127.0.0.1:PORT?@example.com/',
  'http://127.0.0.1:PORT#@example.com/',
  'http:\\\\127.0.0.1:PORT\\',
  'http:///127.0.0.1:PORT/',
  'http:/127.0.0.1:PORT/',
  'http:127.0.0.1:PORT/',
  ' http://127.0.0.1:PORT/ ',
  'ht\ttp://127.0.0.1:PORT/',
  'HTTP://127.0.0.1:PORT/',
  'https://127.0.0.1:PORT/',
  '//127.0.0.1:PORT/',
  'http://user:secret@example.com/',
  'http://user@example.com/',
  'http://:secret@example.com/',
  // Ports at which no web site answers.
  'http://example.com:0/',
  'http://example.com:22/',
  'http://example.com:25/',
  'http://example.com:6379/',
  'http://example.com:8080/',
  'https://example.com:65535/',
  // Other ways of asking.
  'ftp://127.0.0.1:PORT/',
  'gopher://127.0.0.1:PORT/_GET%20/',
  'dict://127.0.0.1:PORT/info',
  'ldap://127.0.0.1:PORT/',
  'ws://127.0.0.1:PORT/',
  'wss://127.0.0.1:PORT/',
  'tftp://127.0.0.1:PORT/',
  'file:///etc/passwd',
  'file://127.0.0.1/etc/passwd',
  'data:text/html,hello',
  'javascript:alert(1)',
  'blob:http://127.0.0.1:PORT/1',
  'view-source:http://127.0.0.1:PORT/',
  'about:blank',
  'http://[::1',
  'http://',
];

/** Answers of DNS that make a name private: alone, and beside a public address in either order. */
const PRIVATE_ANSWERS = [
  '127.0.0.1',
  '127.0.0.2',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.1.1',
  '169.254.169.254',
  '168.63.129.16',
  '172.20.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.251',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::1',
  '2001::1',
  'fd00::1',
  'fe80::1',
  'fe80::1%lo',
  'ff02::1',
  // What no resolver should answer, and a guard must not fail open for.
  '127.1',
  '2130706433',
  '0x7f000001',
  'localhost',
  '',
];
const PUBLIC_ANSWER = '2606:4700::1111';

/** Whatever a scraper must never ask: as an address, or as a name with what DNS answers for it. */
export interface PrivateTargets {
  /** Hosts in all their spellings, as a URL has them. */
  hosts: string[];
  /** Refused by their text alone. */
  urls: string[];
  /** Refused once their names are resolved; on ports 80 and on the canary's. */
  named: string[];
  /** Of these an unguarded client reaches the canary. */
  reachingCanary: string[];
  /** Knows the names of `named`; every other name is this machine. */
  resolve: ResolveHost;
}

export function listPrivateTargets(canaryPort: number): PrivateTargets {
  const port = String(canaryPort);
  const loopback = LOOPBACK_SPELLINGS.map((host) => `http://${host}:${port}/`);
  const urls = [
    ...loopback,
    ...[...LOOPBACK_SPELLINGS, ...HOSTS].map((host) => `http://${host}/`),
    ...HOSTS.map((host) => `http://${host}:${port}/latest/meta-data/`),
    ...TRICKS.map((trick) => trick.replaceAll('PORT', port)),
  ];
  const answers = new Map<string, string[]>();
  for (const [index, address] of PRIVATE_ANSWERS.entries()) {
    answers.set(`alone${index}.example.com`, [address]);
    answers.set(`first${index}.example.com`, [address, PUBLIC_ANSWER]);
    answers.set(`last${index}.example.com`, [PUBLIC_ANSWER, address]);
  }
  return {
    hosts: [...LOOPBACK_SPELLINGS, ...HOSTS],
    urls,
    named: [...answers.keys()].map((name) => `http://${name}/`),
    reachingCanary: loopback,
    resolve: async (hostname) => (answers.get(hostname) ?? ['127.0.0.1']).map(toAnswer),
  };
}

const toAnswer = (address: string) => ({ address, family: address.includes(':') ? 6 : 4 });
