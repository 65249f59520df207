// An HTTP(S) server on loopback whose feeds do what a test asks: `server.feed('/stations')` is polled (feed.ts), and
// `server.stream('/prices', 'sse')` stays open (feed-stream.ts). It remembers what was asked of it, and can go down and come back.
//
//   const server = await FeedServer.listen();
//   const feed = server.feed('/stations');
//   feed.items = [{ id: 'a', n: 1 }];
//   feed.script({ do: 'status', status: 503 }, { do: 'reset', at: 'body' }); // the next two requests
//   ... server.url('/stations') ... feed.requests ... feed.mostInFlight ...

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

import { Feed } from './feed.js';
import { FeedStream, type StreamForm } from './feed-stream.js';

/** One request as it came. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** ms of `performance.now()`. */
  readonly at: number;
}

export interface FeedServerOptions {
  /** Of `https.createServer`: `{ cert, key }`, and `{ ca, requestCert: true, rejectUnauthorized: true }` where clients must have one. */
  readonly tls?: ServerOptions;
  /** The host in `url`. Default: the address at which it listens. */
  readonly host?: string;
  /** The address at which it listens. Default `127.0.0.1`. */
  readonly at?: string;
  /** Default: one that is free. */
  readonly port?: number;
}

/** Invariant: `port` stays the same while it is down. */
export class FeedServer {
  /** All that was asked, of any path. */
  readonly requests: SeenRequest[] = [];
  /** TCP connections that were made. */
  connections = 0;
  port = 0;
  readonly #options: FeedServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #feeds = new Map<string, Feed>();
  readonly #streams = new Map<string, FeedStream>();

  private constructor(options: FeedServerOptions) {
    this.#options = options;
    const listener: RequestListener = (request, response) => void this.#take(request, response);
    this.#server =
      options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
    this.#server.on('connection', (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', () => undefined);
  }

  static async listen(options: FeedServerOptions = {}): Promise<FeedServer> {
    const server = new FeedServer(options);
    server.port = options.port ?? 0;
    await server.comeBack();
    return server;
  }

  url(path = '/'): string {
    const { tls, at = '127.0.0.1', host = at } = this.#options;
    return `${tls === undefined ? 'http' : 'https'}://${host}:${this.port}${path}`;
  }

  /** The feed at this path, made when it is asked for first. Paths that nobody asked for here are answered with 404. */
  feed(path: string): Feed {
    const feed = this.#feeds.get(path) ?? new Feed();
    this.#feeds.set(path, feed);
    return feed;
  }

  /** The stream at this path, made when it is asked for first. */
  stream(path: string, form: StreamForm): FeedStream {
    const stream = this.#streams.get(path) ?? new FeedStream(form);
    this.#streams.set(path, stream);
    return stream;
  }

  /** Connections end, and new ones are refused. */
  async goDown(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.dropConnections();
    await closed;
  }

  /** All that are open, at once; it goes on to listen. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** After {@link goDown}, on the same port. */
  async comeBack(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.port, this.#options.at ?? '127.0.0.1', resolve);
    });
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const feed of this.#feeds.values()) feed.stop();
    if (this.#server.listening) await this.goDown();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now();
    const target = request.url ?? '/';
    const { pathname, searchParams: query } = new URL(target, 'http://feed');
    const [feed, stream] = [this.#feeds.get(pathname), this.#streams.get(pathname)];
    const leave = feed?.enter();
    response.on('error', () => undefined);
    response.on('close', () => leave?.());
    const { method = 'GET', headers } = request;
    const seen = { method, target, query, headers, body: await bodyOf(request), at };
    this.requests.push(seen);
    if (feed !== undefined) await feed.answer(seen, response);
    else if (stream !== undefined) stream.answer(seen, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('no such feed');
  }
}

/** What came of it, where its sender goes away. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const bytes of request) text += String(bytes);
  } catch {
    // Its sender has gone
  }
  return text;
}
