// Why a request brought no feed, as one sentence for operators: where, what failed, what to do. By error code and by status, never by
// message text. It shows the origin and the path of a URL, and no more: queries and headers may hold secrets.

import { tlsText } from './tls-fault.js';

/** What a caller does about it. */
export type FaultKind =
  /** The options cannot work as they are: an address that may not be contacted, credentials that are not taken, no such path. */
  | 'refused'
  /** It could not be had this time: the network, TLS, a server that fails or asks for patience. */
  | 'unreachable'
  /** An answer came, whose body cannot be used: too large, cut short, compressed in a way that is not known. */
  | 'bad';

/** The only error of a request, but for the reason of a signal that aborted. */
export class FeedFault extends Error {
  override readonly name = 'FeedFault';
  readonly kind: FaultKind;
  /** HTTP status of the answer; undefined: none came, or it is not the status that is wrong. */
  readonly status: number | undefined;
  /** How long the server asks us to stay away: 0 or more, as absurd as it likes. undefined: it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: FaultKind, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.kind = kind;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface FaultDetails {
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** What may be shown of a URL. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** How an authority comes to be trusted: by an option of the feed, but not elsewhere. */
const TRUST_BY_OPTION = 'set `tls.ca` to';

/**
 * Of an error of a socket, of TLS, or of the parser of HTTP. One that is a fault already comes back as it is. `trust`: how a person
 * begins to have a certificate trusted there, as in {@link TRUST_BY_OPTION}.
 */
export function networkFault(error: unknown, place: string, trust = TRUST_BY_OPTION): FeedFault {
  if (error instanceof FeedFault) return error;
  const refused = addressRefused(error);
  if (refused !== undefined)
    return new FeedFault('refused', `${place}: ${refused.message}`, { cause: error });
  const code = codeOf(error) ?? '';
  const text =
    tlsText(code, error, trust) ?? networkText(code) ?? `the request failed (${code || String(error)})`;
  return new FeedFault('unreachable', `${place}: ${text}`, { cause: error });
}

/** `code` of an error of Node. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** An error of the way out: itself, what caused `error`, or what one of several attempts to connect met with. */
function addressRefused(error: unknown): { readonly message: string } | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { name, message, cause, errors = [] } = error as Partial<AggregateError>;
  if (name === 'AddressRefused') return { message: String(message) };
  for (const part of [...(errors as readonly unknown[]), cause]) {
    const found = addressRefused(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

function networkText(code: string): string | undefined {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
    case 'EAI_FAIL':
      return `the name does not resolve from here (${code}); check it, and the DNS of this machine or container`;
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused); check host and port, and that the server runs';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return `there is no way to it from here (${code}); check the network and its rules`;
    case 'ETIMEDOUT':
      return 'it does not answer (timeout); check the network, firewalls, and that the address is right';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return `the connection was cut before an answer came (${code}); does the server run, and does a proxy or firewall on the way let requests through?`;
    case 'HPE_HEADER_OVERFLOW':
      return 'the head of its answer is over 16 KiB';
    default:
      return code.startsWith('HPE_')
        ? `what answers there does not speak HTTP/1.1 (${code}); check the port, and whether the URL should begin with https:`
        : undefined;
  }
}
