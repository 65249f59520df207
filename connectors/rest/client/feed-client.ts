// Requests for feeds: one at a time per call, within one time and one size, to the origin that is asked for and to no other. What is
// asked for, and what becomes of an answer, its callers know.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

import { OptionsRejected, type Outbound } from '../../contract.js';
import { isRedirect, redirectTarget, statusFault } from './answer-fault.js';
import { authorizationOf, type Authorization, type Credentials } from './authorization.js';
import { acceptedCodings } from './content-coding.js';
import { Deadline } from './deadline.js';
import { exchange } from './exchange.js';
import { FeedFault, shownUrl } from './feed-fault.js';
import type { AuthOptions, TlsOptions } from './access-options.js';
import { piecesOf, wholeBody } from './response-body.js';
import { tlsMaterialFault } from './tls-material.js';

export interface FeedClientSettings {
  /** For one call: credentials, redirects, head and body. */
  readonly timeoutMs: number;
  /** Of a body, decompressed. */
  readonly maxBytes: number;
  readonly redirects: 'none' | 'same-origin';
  readonly auth: AuthOptions | undefined;
  readonly tls: TlsOptions | undefined;
}

export interface FeedRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  /** Names in any case. They win over what is sent by default: Accept, Accept-Encoding, User-Agent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
  readonly signal: AbortSignal;
}

export interface FeedResponse {
  /** 200, or 304 with an empty body. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
  /** Where it comes from, after redirects. */
  readonly url: URL;
}

export interface FeedStream {
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  /**
   * Decompressed, as they come. Ends with the body and after `close`; throws FeedFault where the body is cut short, and the
   * reason of the signal. To be iterated once; leaving it early is a `close`.
   */
  readonly chunks: AsyncIterable<Buffer>;
  /** Idempotent. */
  close(): void;
}

const MAX_REDIRECTS = 5;

interface Access {
  readonly authorization: Authorization;
  readonly tls: TlsOptions;
  readonly hasAuth: boolean;
}

/** Invariant: credentials go to the origin of the request alone, in whose answers nothing sends us elsewhere. */
export class FeedClient {
  readonly #settings: FeedClientSettings;
  readonly #outbound: Outbound;
  #access: Access;

  /** Throws OptionsRejected for secrets and certificates that cannot be used as they are. */
  constructor(settings: FeedClientSettings, outbound: Outbound) {
    this.#settings = settings;
    this.#outbound = outbound;
    this.#access = this.#accessOf(settings.auth, settings.tls);
  }

  /** Other secrets and certificates, from the next request on. Throws as the constructor does, and then goes on with the former. */
  useAuth(auth: AuthOptions | undefined, tls: TlsOptions | undefined): void {
    this.#access = this.#accessOf(auth, tls);
  }

  /** Throws FeedFault, and the reason of the signal. */
  async request(asked: FeedRequest): Promise<FeedResponse> {
    const deadline = this.#deadline(asked);
    try {
      const { answer, url } = await this.#answer(asked, deadline.signal);
      const { statusCode: status = 0, headers } = answer;
      if (status !== 200 && status !== 304) throw this.#refusal(answer, url, asked);
      const body = await wholeBody(answer, shownUrl(url), this.#settings.maxBytes);
      return { status, headers, body, url };
    } catch (error) {
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    } finally {
      deadline.end();
    }
  }

  /**
   * An answer that is read for as long as it lasts, with status 200 alone. The time is for its head. Throws FeedFault, and the reason
   * of the signal.
   */
  async open(asked: FeedRequest): Promise<FeedStream> {
    const deadline = this.#deadline(asked);
    try {
      const { answer, url } = await this.#answer(asked, deadline.signal);
      if (answer.statusCode !== 200) throw this.#refusal(answer, url, asked);
      deadline.lift();
      return streamOf(answer, url, deadline);
    } catch (error) {
      deadline.end();
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    }
  }

  /** Not a redirect. Whoever gets it reads it or destroys it. */
  async #answer(asked: FeedRequest, signal: AbortSignal): Promise<Located> {
    const access = this.#access;
    const credentials = await access.authorization.credentials(signal);
    const first = await this.#located(asked, { ...access, credentials, signal });
    if (first.answer.statusCode !== 401 || credentials?.isAged !== true) return first;
    first.answer.destroy();
    const others = await access.authorization.credentials(signal, credentials);
    return this.#located(asked, { ...access, credentials: others, signal });
  }

  /** After redirects. */
  async #located(asked: FeedRequest, sender: Sender): Promise<Located> {
    let hop: FeedRequest = asked;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await exchange({
        url: hop.url,
        method: hop.method,
        headers: headersOf(hop, sender.credentials),
        body: hop.body,
        tls: sender.tls,
        outbound: this.#outbound,
        signal: sender.signal,
      });
      const { statusCode: status = 0 } = answer;
      if (!isRedirect(status)) return { answer, url: hop.url };
      answer.destroy();
      const from = { url: hop.url, method: hop.method, hasAuth: sender.hasAuth };
      const url = redirectTarget(answer, from, this.#settings.redirects);
      if (redirects === MAX_REDIRECTS)
        throw new FeedFault(
          'unreachable',
          `${shownUrl(asked.url)}: it redirects more than ${MAX_REDIRECTS} times`,
        );
      hop = redirected(hop, status, url);
    }
  }

  #refusal(answer: IncomingMessage, url: URL, { method }: FeedRequest): FeedFault {
    answer.destroy();
    return statusFault(answer, { url, method, hasAuth: this.#access.hasAuth });
  }

  #accessOf(auth: AuthOptions | undefined, tls: TlsOptions = {}): Access {
    const fault = tlsMaterialFault(tls);
    if (fault !== undefined) throw new OptionsRejected(fault);
    const { fetch } = this.#outbound;
    // Half of the time, so that a token that is still good can be used with the other half.
    const authorization = authorizationOf(auth, { fetch, timeoutMs: this.#settings.timeoutMs / 2 });
    return { authorization, tls, hasAuth: auth !== undefined };
  }

  #deadline({ url, signal }: FeedRequest): Deadline {
    const { timeoutMs } = this.#settings;
    const text = `${shownUrl(url)}: no complete answer within ${timeoutMs / 1000} s; check the network and firewalls, or raise \`timeout\``;
    return new Deadline(signal, timeoutMs, () => new FeedFault('unreachable', text));
  }
}

interface Located {
  readonly answer: IncomingMessage;
  readonly url: URL;
}

interface Sender {
  readonly credentials: Credentials | undefined;
  readonly tls: TlsOptions;
  readonly hasAuth: boolean;
  readonly signal: AbortSignal;
}

function headersOf({ headers }: FeedRequest, credentials: Credentials | undefined): Record<string, string> {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    accept: '*/*',
    'accept-encoding': acceptedCodings(),
    'user-agent': 'tailrace',
    ...Object.fromEntries(given),
    ...(credentials !== undefined && { [credentials.name]: credentials.value }),
  };
}

/** As browsers do it: a POST becomes a GET, but where the status says that it stays one. */
function redirected(hop: FeedRequest, status: number, url: URL): FeedRequest {
  if (status === 307 || status === 308 || hop.method === 'GET') return { ...hop, url };
  const headers = Object.entries(hop.headers).filter(([name]) => !/^content-/i.test(name));
  return { ...hop, url, method: 'GET', headers: Object.fromEntries(headers), body: undefined };
}

function streamOf(answer: IncomingMessage, url: URL, deadline: Deadline): FeedStream {
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
    deadline.end();
    answer.destroy();
  };
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of piecesOf(answer, shownUrl(url))) {
        if (isClosed) return;
        yield piece;
      }
    } catch (error) {
      if (isClosed) return;
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    } finally {
      close();
    }
  }
  return { headers: answer.headers, url, chunks: chunks(), close };
}
