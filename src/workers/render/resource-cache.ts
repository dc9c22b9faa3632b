import type { FetchedPage } from '#lib/scrapers/scraper-context.ts';

interface Entry {
  page: FetchedPage;
  bytes: number;
  until: number;
}

export interface ResourceKey {
  url: string;
  /** Request headers, lower-case names. */
  headers: Readonly<Record<string, string>>;
}

const BYTES_MAX = 33_554_432;
const ENTRY_BYTES_MAX = 4_194_304;
const FRESH_MAX_MS = 300_000;

/** Scripts and data of pages, kept for minutes: ten pages of one site ask for its bundle once. Drops what was used least recently. */
export class ResourceCache {
  readonly #entries = new Map<string, Entry>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  find(key: ResourceKey, now = performance.now()): FetchedPage | null {
    const name = nameOf(key);
    const entry = this.#entries.get(name);
    if (entry === undefined || 'authorization' in key.headers) return null;
    this.#drop(name, entry);
    if (entry.until <= now) return null;
    this.#add(name, entry);
    return entry.page;
  }

  /** @param type as Chromium names it: only scripts are kept when the site does not say for how long. */
  keep(key: ResourceKey, type: string, page: FetchedPage, now = performance.now()): void {
    const bytes = page.text.length * 2;
    const freshMs = freshForMs(key.headers, page.headers, type);
    if (freshMs <= 0 || bytes > Math.min(ENTRY_BYTES_MAX, this.#bytesMax)) return;
    const name = nameOf(key);
    const known = this.#entries.get(name);
    if (known) this.#drop(name, known);
    this.#add(name, { page, bytes, until: now + freshMs });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(oldest, entry);
    }
  }

  #add(name: string, entry: Entry): void {
    this.#entries.set(name, entry);
    this.#bytes += entry.bytes;
  }

  #drop(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#bytes -= entry.bytes;
  }
}

/** What sites let answers depend on, beside the address. */
function nameOf({ url, headers }: ResourceKey): string {
  return JSON.stringify([url, headers.accept ?? '', headers.origin ?? '']);
}

/**
 * For how long an answer may be given to anybody again, in ms, by the rules for shared caches (RFC 9111), and never for longer than
 * five minutes. Without a word of the site only scripts are kept, and only where no cookie could have made a difference.
 */
export function freshForMs(
  asked: Readonly<Record<string, string>>,
  answer: Readonly<Record<string, string>>,
  type: string,
): number {
  const control = (answer['cache-control'] ?? '').toLowerCase();
  if ('authorization' in asked || 'set-cookie' in answer || /\*|cookie/i.test(answer.vary ?? '')) return 0;
  if (/\b(?:no-store|no-cache|private)\b/.test(control)) return 0;
  const maxAge = /(?:^|[\s,])s-maxage="?(\d+)/.exec(control)?.[1] ?? /(?:^|[\s,])max-age="?(\d+)/.exec(control)?.[1];
  if (maxAge === undefined) return type === 'script' && !('cookie' in asked) ? FRESH_MAX_MS : 0;
  const ageSeconds = /^\d+$/.test(answer.age ?? '') ? Number(answer.age) : 0;
  return Math.min(FRESH_MAX_MS, Math.max(0, Number(maxAge) - ageSeconds) * 1_000);
}
