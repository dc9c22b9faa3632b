import type { LookupAddress } from 'node:dns';
import { checkAddress, checkUrl, isListed } from '#lib/net/address-guard.ts';
import { FetchFailureError } from '../http-outcome.ts';
import { type Endpoint, formatEndpoint } from './opener.ts';
import { type ResolveHost, resolveInTime } from './resolve-host.ts';

/**
 * Lets only public addresses through: literals, every answer of DNS (one bad answer refuses all), and the address that a
 * socket is really connected to. An endpoint that an admin lists by `host:port` passes whatever it resolves to.
 */
export class EndpointGuard {
  readonly #allow: readonly string[];
  readonly #resolve: ResolveHost;

  constructor(allow: readonly string[], resolve: ResolveHost) {
    this.#allow = allow;
    this.#resolve = resolve;
  }

  /**
   * The addresses of an endpoint, all of them checked; never an empty list.
   * @throws FetchFailureError 'address-refused', 'host-unknown' or 'dns-unavailable', or the resolver's error.
   */
  async resolve(endpoint: Endpoint): Promise<[LookupAddress, ...LookupAddress[]]> {
    const answers = await resolveInTime(this.#resolve, endpoint.host);
    for (const { address } of answers) this.checkAddress(endpoint, address);
    const [first, ...others] = answers;
    if (first === undefined) {
      throw new FetchFailureError('host-unknown', `DNS knows no address of "${endpoint.host}"`);
    }
    return [first, ...others];
  }

  /** @throws FetchFailureError 'address-refused' when `address` is none that this endpoint may have. */
  checkAddress(endpoint: Endpoint, address: string): void {
    if (this.#isListed(endpoint)) return;
    const verdict = checkAddress(address, endpoint.port, this.#allow);
    if (!verdict.ok) throw refused(endpoint, verdict.reason);
  }

  /**
   * Checks an endpoint that somebody else will resolve: its name, and what DNS says here, if it says anything. A company's
   * network often resolves no outside names at all, so a name without an answer passes.
   * @throws FetchFailureError 'address-refused'.
   */
  async checkUnresolved(endpoint: Endpoint): Promise<void> {
    if (this.#isListed(endpoint)) return;
    const name = checkUrl(`http://${formatEndpoint({ ...endpoint, port: 80 })}/`);
    if (!name.ok) throw refused(endpoint, name.reason);
    try {
      await this.resolve(endpoint);
    } catch (error) {
      if (error instanceof FetchFailureError && error.failure === 'address-refused') throw error;
    }
  }

  #isListed({ host, port }: Endpoint): boolean {
    return isListed(host, port, this.#allow);
  }
}

function refused({ host }: Endpoint, reason: string): FetchFailureError {
  return new FetchFailureError('address-refused', `"${host}" may not be asked: ${reason}`);
}
