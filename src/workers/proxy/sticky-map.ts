/** More sessions than a worker ever has at once, many times over. */
const KEYS_MAX = 10_000;

/** Which proxy a key keeps. Bounded: the key that was asked for longest ago goes first. */
export class StickyMap {
  readonly #keysMax: number;
  readonly #proxies = new Map<string, number>();

  constructor(keysMax = KEYS_MAX) {
    this.#keysMax = keysMax;
  }

  find(key: string): number | null {
    const proxyId = this.#proxies.get(key);
    if (proxyId === undefined) return null;
    this.keep(key, proxyId);
    return proxyId;
  }

  keep(key: string, proxyId: number): void {
    this.#proxies.delete(key);
    this.#proxies.set(key, proxyId);
    if (this.#proxies.size <= this.#keysMax) return;
    const [oldest] = this.#proxies.keys();
    if (oldest !== undefined) this.#proxies.delete(oldest);
  }

  /** The key wants another one, if it still has this one. */
  drop(key: string, proxyId: number): void {
    if (this.#proxies.get(key) === proxyId) this.#proxies.delete(key);
  }
}
