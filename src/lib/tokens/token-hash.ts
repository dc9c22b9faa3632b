import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits, in base64url. */
export function createToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept of a token: its SHA-256. Enough for random tokens, which nobody can guess from it. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Whether two secrets are equal, in a time that tells nothing about where they differ. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(hashToken(given), hashToken(expected));
}
