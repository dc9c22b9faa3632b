import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { findFreePort, isPortFree } from '../ports.ts';
import { writePrivateFile } from '../private-file.ts';

const settingsSchema = z.object({
  port: z.number().int().min(1).max(65_535),
  superuserPassword: z.string().min(16),
  appPassword: z.string().min(16),
});

/** What the launcher remembers of the server: file mode 0600, since it holds the passwords. */
export type ServerSettings = z.output<typeof settingsSchema>;

/** Reads the settings, or makes new ones; `isNew` says that the passwords are not yet those of the server. */
export async function openServerSettings(file: string): Promise<{ settings: ServerSettings; isNew: boolean }> {
  const known = existsSync(file) ? settingsSchema.safeParse(parseJson(readFileSync(file, 'utf8'))) : null;
  if (known?.success) return { settings: known.data, isNew: false };
  const settings = { port: await findFreePort(), superuserPassword: newPassword(), appPassword: newPassword() };
  writePrivateFile(file, JSON.stringify(settings));
  return { settings, isNew: true };
}

/** Keeps the port between starts, so that tools outside find the database again; another one is chosen when it is taken. */
export async function withFreePort(
  file: string,
  settings: ServerSettings,
  tryAnother = false,
): Promise<ServerSettings> {
  if (!tryAnother && (await isPortFree(settings.port, '127.0.0.1'))) return settings;
  const next = { ...settings, port: await findFreePort() };
  writePrivateFile(file, JSON.stringify(next));
  return next;
}

/** 192 random bits; base64url needs no quoting in SQL or in a URL. */
function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** An unreadable file counts as a missing one: new passwords are set then. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
