import { hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;

/** Reads a key of 32 bytes, written as 64 hex digits or in base64; null for anything else. */
export function parseSecretKey(text: string): Buffer | null {
  const trimmed = text.trim();
  if (/^[\da-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (!/^[\w+/-]{43}=?$/.test(trimmed)) return null;
  const key = Buffer.from(trimmed, 'base64');
  return key.length === KEY_BYTES ? key : null;
}

/** A key of its own for each purpose (HKDF-SHA256), so that what one of them gives away says nothing about another. */
export function deriveKey(secretKey: Buffer, purpose: 'proxy-passwords' | 'echo-signature'): Buffer {
  return Buffer.from(hkdfSync('sha256', secretKey, 'eko-lead-generator', purpose, KEY_BYTES));
}
