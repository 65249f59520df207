// One request and the head of its answer, on a connection of the agents that we are given.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, type Socket } from 'node:net';

import type { Outbound } from '../../contract.js';
import { FeedFault, codeOf, networkFault, shownUrl } from './feed-fault.js';
import type { TlsOptions } from './access-options.js';

export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  readonly tls: TlsOptions;
  readonly outbound: Outbound;
  /** Ends it: before the answer, and while its body is read. */
  readonly signal: AbortSignal;
}

/**
 * The answer, whatever its status, its body not yet read. Throws FeedFault, or the reason of `signal`. A GET that meets with a kept
 * connection which the server has closed in the meantime is sent again at once, but once.
 */
export async function exchange(asked: Exchange): Promise<IncomingMessage> {
  refuseUnusable(asked.url);
  const place = shownUrl(asked.url);
  const first = await attempt(asked);
  if (first.answer !== undefined) return first.answer;
  if (!first.isStale || asked.method !== 'GET') throw failure(first.error, place, asked.signal);
  const second = await attempt(asked);
  if (second.answer === undefined) throw failure(second.error, place, asked.signal);
  return second.answer;
}

type Outcome =
  | { readonly answer: IncomingMessage }
  | {
      readonly answer: undefined;
      readonly error: unknown;
      /** The connection was used before, and ended without a byte of the answer. */
      readonly isStale: boolean;
    };

function failure(error: unknown, place: string, signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : networkFault(error, place);
}

function attempt(asked: Exchange): Promise<Outcome> {
  const { url, signal, body } = asked;
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    let socket: Socket | undefined;
    let readBefore = 0;
    const fail = (error: unknown, isReused: boolean): void => {
      const isSilent = (socket?.bytesRead ?? 0) === readBefore;
      const isReset = ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
      resolve({ answer: undefined, error, isStale: isReused && isSilent && isReset && !signal.aborted });
    };
    try {
      const sent = send(url, requestOptions(asked));
      const abort = (): void => void sent.destroy(reasonOf(signal));
      sent.on('socket', (given: Socket) => ([socket, readBefore] = [given, given.bytesRead]));
      sent.on('error', (error) => fail(error, sent.reusedSocket));
      sent.on('close', () => signal.removeEventListener('abort', abort));
      sent.on('response', (answer) => {
        signal.removeEventListener('abort', abort);
        endWith(answer, signal);
        resolve({ answer });
      });
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      sent.end(body);
    } catch (error) {
      fail(error, false);
    }
  });
}

/** For streams, which take errors alone. Callers are told the reason itself. */
function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

/** Not through the request: to destroy that drains the answer, whose end could pass for the end of the body. */
function endWith(answer: IncomingMessage, signal: AbortSignal): void {
  const abort = (): void => void answer.destroy(reasonOf(signal));
  answer.on('error', () => undefined); // who reads the body is told; nobody may be reading yet
  answer.on('close', () => signal.removeEventListener('abort', abort));
  signal.addEventListener('abort', abort, { once: true });
}

function requestOptions({ url, method, headers, tls, outbound }: Exchange): RequestOptions {
  if (url.protocol === 'http:') return { method, headers, agent: outbound.httpAgent };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    method,
    headers,
    agent: outbound.httpsAgent,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
    // Each of these would otherwise come from elsewhere: the header Host, the environment, the command line.
    servername: tls.servername ?? (isIP(host) === 0 ? host : ''),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  };
}

/** URLs come from the configuration, and from servers that say where the next page is. */
function refuseUnusable(url: URL): void {
  const refused = (text: string): FeedFault => new FeedFault('refused', `${shownUrl(url)}: ${text}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused('only http: and https: are requested');
  if (url.username !== '' || url.password !== '')
    throw refused('the URL holds a user or a password; they belong into `auth.basic`');
}
