import type { NextConfig } from 'next';

const isDevelopment = process.env.NODE_ENV === 'development';

/**
 * Everything comes from our own origin. Inline scripts and styles are allowed because the framework streams its data in
 * inline scripts and Mantine sets style attributes; a nonce would make every page dynamic in another way for little gain,
 * as no page renders foreign HTML. Development needs eval for its error overlay, and a socket for reloading.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  `script-src 'self' 'unsafe-inline'${isDevelopment ? " 'unsafe-eval'" : ''}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  `connect-src 'self'${isDevelopment ? ' ws:' : ''}`,
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY_HEADERS = [
  { key: 'Content-Security-Policy', value: CONTENT_SECURITY_POLICY },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
  {
    key: 'Permissions-Policy',
    value: 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()',
  },
];

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // Nothing is optimised, so nothing of another host can be fetched through us.
  images: { unoptimized: true },
  // drizzle-orm is not among them: loaded file by file it takes 3 s and 170 MB more than bundled and tree-shaken.
  serverExternalPackages: ['pg', 'pino', 'csv-stringify', 'libphonenumber-js', 'tldts'],
  experimental: { optimizePackageImports: ['@mantine/core', '@mantine/hooks'] },
  headers: async () => [{ source: '/:path*', headers: SECURITY_HEADERS }],
  // A page and a route cannot share a path: the one-time link goes to its route, everything else to the page.
  rewrites: async () => ({
    beforeFiles: [{ source: '/sign-in', has: [{ type: 'query', key: 'token' }], destination: '/sign-in/link' }],
    afterFiles: [],
    fallback: [],
  }),
};

export default config;
