import { deriveKey } from '#lib/secret-key.ts';
import { decryptSecret, encryptSecret } from './secret-box.ts';

export type OpenedPassword = { kind: 'read'; text: string | null } | { kind: 'unreadable' };

/** Encrypts the passwords of proxies, and decrypts each once. Without a key it can do neither, and says so. */
export class PasswordSafe {
  readonly #key: Buffer | null;
  readonly #opened = new Map<string, OpenedPassword>();

  /** `secretKey`: the 32 bytes that all processes share; null where there are none. */
  constructor(secretKey: Buffer | null) {
    this.#key = secretKey === null ? null : deriveKey(secretKey, 'proxy-passwords');
  }

  get hasKey(): boolean {
    return this.#key !== null;
  }

  /** Null when there is no key to encrypt with. */
  seal(password: string): string | null {
    return this.#key === null ? null : encryptSecret(password, this.#key);
  }

  /** `unreadable`: encrypted with a key that is not ours. */
  open(encrypted: string | null): OpenedPassword {
    if (encrypted === null) return { kind: 'read', text: null };
    const known = this.#opened.get(encrypted);
    if (known !== undefined) return known;
    const opened = this.#decrypt(encrypted);
    this.#opened.set(encrypted, opened);
    return opened;
  }

  /** Forgets all others. */
  keepOnly(encrypted: readonly (string | null)[]): void {
    const kept = new Set(encrypted);
    for (const text of this.#opened.keys()) if (!kept.has(text)) this.#opened.delete(text);
  }

  #decrypt(encrypted: string): OpenedPassword {
    if (this.#key === null) return { kind: 'unreadable' };
    try {
      return { kind: 'read', text: decryptSecret(encrypted, this.#key) };
    } catch {
      // Another machine's key, or no text of ours: both mean that the proxy cannot be used here.
      return { kind: 'unreadable' };
    }
  }
}
