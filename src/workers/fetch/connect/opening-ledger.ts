interface Account {
  /** Requests that are under way. */
  requests: number;
  /** Those of them that have not been written to a connection yet. */
  unsent: number;
  /** Connections that may still be opened for them. */
  credits: number;
  /** Openings under way, oldest first. */
  openings: Set<AbortController>;
}

/** A request's part in the ledger. */
export interface LedgerEntry {
  /** The request was written to a connection. */
  noteSent(): void;
  /** The request is over. An opening that nobody waits for any more ends at once. */
  close(): void;
}

/**
 * Ties openings to the requests that wait for them. undici opens connections on its own account: it goes on when the last
 * request has given up, and opens again and again where connections die before they are used. Here each request pays for
 * one opening, and no opening outlives the requests that wait.
 */
export class OpeningLedger {
  readonly #accounts = new Map<string, Account>();

  /** Enters a request to an origin. Call before it is handed to undici. */
  enter(origin: string): LedgerEntry {
    const account = this.#accountOf(origin);
    account.requests += 1;
    account.unsent += 1;
    account.credits += 1;
    let sent = false;
    let closed = false;
    const noteSent = () => {
      if (!sent) account.unsent -= 1;
      sent = true;
    };
    const close = () => {
      if (closed) return;
      closed = true;
      noteSent();
      account.requests -= 1;
      account.credits = Math.min(account.credits, account.requests);
      this.#endUnwanted(account);
      if (account.requests === 0 && account.openings.size === 0) this.#accounts.delete(origin);
    };
    return { noteSent, close };
  }

  /** Asks to open one connection, which `ending` ends early. Null: no request has paid for it. */
  admit(origin: string): { ending: AbortController; settle: () => void } | null {
    const account = this.#accounts.get(origin);
    if (account === undefined || account.credits === 0) return null;
    account.credits -= 1;
    const ending = new AbortController();
    account.openings.add(ending);
    return { ending, settle: () => account.openings.delete(ending) };
  }

  #endUnwanted(account: Account): void {
    for (const opening of account.openings) {
      if (account.openings.size <= account.unsent) return;
      account.openings.delete(opening);
      opening.abort();
    }
  }

  #accountOf(origin: string): Account {
    const known = this.#accounts.get(origin);
    if (known) return known;
    const account: Account = { requests: 0, unsent: 0, credits: 0, openings: new Set() };
    this.#accounts.set(origin, account);
    return account;
  }
}
