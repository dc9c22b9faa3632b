import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SettingsError } from '#lib/env.ts';
import { findSecretKey, openSecretKey } from './access.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'eko-access-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('makes a key once, in a file that only its owner can read', () => {
  expect(findSecretKey(folder)).toBeNull();
  const key = openSecretKey(undefined, folder);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(openSecretKey(undefined, folder)).toBe(key);
  expect(findSecretKey(folder)?.toString('hex')).toBe(key);
  expect(statSync(path.join(folder, 'secret-key')).mode & 0o777).toBe(0o600);
});

it('prefers the key of the settings, and then keeps none', () => {
  expect(openSecretKey(Buffer.alloc(32, 1), folder)).toBe('01'.repeat(32));
  expect(findSecretKey(folder)).toBeNull();
});

it('replaces no file that holds something else: stored passwords would be lost', () => {
  writeFileSync(path.join(folder, 'secret-key'), 'damaged');
  expect(() => openSecretKey(undefined, folder)).toThrow(SettingsError);
});
