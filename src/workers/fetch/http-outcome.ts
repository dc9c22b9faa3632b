/** Why no usable response came. What follows from it is decided in result-policy.ts. */
export type FetchFailure =
  /** Our total deadline, or undici's for connect, headers or silence in the body, passed. */
  | 'timeout'
  /** The body comes slower than the minimum rate. */
  | 'too-slow'
  /** Connection refused, reset, or not HTTP. */
  | 'network'
  /** The body ended early, or not where its length said. */
  | 'incomplete'
  /** The name does not exist. */
  | 'host-unknown'
  /** The name could not be resolved now. */
  | 'dns-unavailable'
  /** The certificate is not valid for this host. */
  | 'certificate'
  /** A literal, resolved or connected address is not a public one. */
  | 'address-refused'
  /** More bytes than allowed, on the wire or decoded, or oversized headers. */
  | 'too-large'
  /** A Content-Encoding we do not know, more than two of them, or data that is not in it. */
  | 'bad-encoding'
  /** No connection to the proxy, or its name does not resolve. */
  | 'proxy-unreachable'
  /** The proxy does not accept our credentials. */
  | 'proxy-auth'
  /** The proxy says that it cannot, or will not, open the tunnel. */
  | 'proxy-refused'
  /** The proxy closed before the tunnel was open, or spoke out of turn. */
  | 'proxy-broken';

interface HttpResponse {
  kind: 'response';
  status: number;
  /** Lower-case names; repeated ones are joined with ", ". */
  headers: Record<string, string>;
  /** Decoded by Content-Encoding. */
  body: Buffer;
  wireBytes: number;
  durationMs: number;
}

interface HttpFailure {
  kind: 'failed';
  failure: FetchFailure;
  message: string;
  wireBytes: number;
  durationMs: number;
  cause?: unknown;
}

/** What one request came to. */
export type HttpOutcome = HttpResponse | HttpFailure;

/** Ends a request for a reason of ours; never leaves the client. */
export class FetchFailureError extends Error {
  readonly failure: FetchFailure;
  constructor(failure: FetchFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.failure = failure;
  }
}

const CODES: Record<string, FetchFailure> = {
  ENOTFOUND: 'host-unknown',
  EAI_AGAIN: 'dns-unavailable',
  EAI_FAIL: 'dns-unavailable',
  EAI_NODATA: 'host-unknown',
  EAI_NONAME: 'host-unknown',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'too-large',
  HPE_HEADER_OVERFLOW: 'too-large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'incomplete',
  CERT_HAS_EXPIRED: 'certificate',
  CERT_NOT_YET_VALID: 'certificate',
  CERT_REVOKED: 'certificate',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate',
};

/**
 * Classifies by codes, never by words: our own errors, undici's, Node's for sockets and DNS.
 * @param answered whether headers had arrived: what breaks after them leaves an incomplete body.
 */
export function classifyFailure(error: unknown, answered: boolean): { failure: FetchFailure; message: string } {
  for (const link of chainOf(error)) {
    if (link instanceof FetchFailureError) return { failure: link.failure, message: link.message };
    const failure = CODES[codeOf(link)];
    // Before the headers are whole there is no body to be incomplete.
    if (failure === 'incomplete' && !answered) return { failure: 'network', message: messageOf(link) };
    if (failure !== undefined) return { failure, message: messageOf(link) };
  }
  return { failure: answered ? 'incomplete' : 'network', message: messageOf(error) };
}

/** The error, what it wraps, and the causes below, at most eight. */
function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  const open = [error];
  while (open.length > 0 && chain.length < 8) {
    const link = open.shift();
    chain.push(link);
    if (link instanceof AggregateError) open.push(...link.errors);
    if (link instanceof Error && link.cause !== undefined) open.push(link.cause);
  }
  return chain;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || codeOf(error) || error.name;
}
