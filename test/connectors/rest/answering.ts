// Servers on loopback that answer as a test says, byte by byte where it must be, and clients for them.

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';

import {
  FeedClient,
  type FeedClientSettings,
  type FeedRequest,
} from '../../../connectors/rest/client/feed-client.js';
import { FeedFault } from '../../../connectors/rest/client/feed-fault.js';
import { loopbackOutbound } from '../../support/outbound.js';

export interface Answering {
  readonly url: (path?: string) => URL;
  readonly requests: readonly IncomingMessage[];
  readonly sockets: ReadonlySet<Socket>;
  /** Connections so far. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** HTTP, or HTTPS with `tls`. */
export async function answering(listener: RequestListener, tls?: ServerOptions): Promise<Answering> {
  const requests: IncomingMessage[] = [];
  const take: RequestListener = (request, response) => {
    requests.push(request);
    response.on('error', () => undefined);
    listener(request, response);
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  server.on('tlsClientError', () => undefined);
  return listening(server, tls === undefined ? 'http' : 'https', requests);
}

/** Says these bytes to whoever has asked for something, and nothing else. `isOver`: and ends the connection. */
export async function saying(
  bytes: string | Buffer,
  { isOver = true, protocol = 'http' }: { readonly isOver?: boolean; readonly protocol?: string } = {},
): Promise<Answering> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => (isOver ? socket.end(bytes) : socket.write(bytes)));
  });
  return listening(server, protocol, []);
}

async function listening(
  server: Server,
  protocol: string,
  requests: readonly IncomingMessage[],
): Promise<Answering> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path = '/feed') => new URL(`${protocol}://127.0.0.1:${port}${path}`),
    requests,
    sockets,
    connections: () => connections,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export function clientWith(
  settings: Partial<FeedClientSettings> = {},
  outbound = loopbackOutbound,
): FeedClient {
  return new FeedClient(
    {
      timeoutMs: 5_000,
      maxBytes: 5 * 2 ** 20,
      redirects: 'none',
      auth: undefined,
      tls: undefined,
      ...settings,
    },
    outbound,
  );
}

/** A GET without anything. */
export function get(url: URL, headers: Readonly<Record<string, string>> = {}): FeedRequest {
  return { url, method: 'GET', headers, signal: new AbortController().signal };
}

/** What it fails with; a test that it does not fail in fails. */
export async function faultOf(work: Promise<unknown>): Promise<FeedFault> {
  const outcome = await work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
  if (outcome instanceof FeedFault) return outcome;
  throw outcome instanceof Error ? outcome : new Error(String(outcome));
}

/** Until `holds`, for five seconds at most. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within 5 s: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
