// The WHATWG `fetch` over agents of Node, for small answers: its own one would take its connections from elsewhere. Follows no
// redirect, asks for no compression, and has read all of the answer before it resolves.

import { request as httpRequest, type Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type Agent as HttpsAgent } from 'node:https';

export interface FetchAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

const MAX_ANSWER_BYTES = 1024 * 1024;
/** For all of the answer. */
const TIMEOUT_MS = 10_000;
/** These have no body: https://fetch.spec.whatwg.org/#null-body-status */
const EMPTY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * As the global one, but for what is said above. Rejects with what kept the connection from being made, with the reason of
 * `signal`, with a TimeoutError after ten seconds, and with a TypeError for what is no request, or an answer of more than 1 MiB.
 */
export function guardedFetch(agents: FetchAgents) {
  return async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const request = new Request(url, init);
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const body = Buffer.from(await request.arrayBuffer());
    try {
      const answer = await send(request, body, { agents, signal });
      return await responseOf(answer);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  };
}

function send(
  { url, method, headers }: Request,
  body: Buffer,
  { agents, signal }: { readonly agents: FetchAgents; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const { protocol } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TypeError(`${protocol} is not fetched, only http: and https:`);
  const isSecure = protocol === 'https:';
  const hasBody = body.length > 0 || (method !== 'GET' && method !== 'HEAD');
  const options = {
    method,
    headers: {
      accept: '*/*',
      'accept-encoding': 'identity',
      ...Object.fromEntries(headers),
      ...(hasBody && { 'content-length': body.length }),
    },
    agent: isSecure ? agents.httpsAgent : agents.httpAgent,
    signal,
  };
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? httpsRequest : httpRequest)(url, options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

async function responseOf(answer: IncomingMessage): Promise<Response> {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = answer;
  const body = await bytesOf(answer);
  const { 'content-encoding': encoding = 'identity' } = answer.headers;
  if (encoding !== 'identity' && body.length > 0)
    throw new TypeError('the answer is compressed, which was not asked for');
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  return new Response(EMPTY_STATUSES.has(status) ? null : body, { status, statusText, headers });
}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new TypeError('the answer is larger than 1 MiB'); // this ends its connection
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
