// One stream of a FeedServer: server-sent events or lines of JSON, over connections that stay open, which a test cuts when it
// wants. Server-sent events have ids, and a client that says the last one it had is given what came after it.

import type { ServerResponse } from 'node:http';

import { drained } from './drained.js';
import type { SeenRequest } from './feed-server.js';

export type StreamForm = 'sse' | 'ndjson';

/** Invariant: `events` are all that was sent, and each connection gets them in order. */
export class FeedStream {
  readonly form: StreamForm;
  readonly requests: SeenRequest[] = [];
  /** What was sent, in order; the id of an event is its index. */
  readonly events: unknown[] = [];
  /** Status of the next connections; 200: they are let in. */
  status = 200;
  contentType: string;
  /** A client that says no Last-Event-ID (or whose stream has no ids) is given all from the beginning. Default: only what comes. */
  replaysAll = false;
  readonly #open = new Set<ServerResponse>();

  constructor(form: StreamForm) {
    this.form = form;
    this.contentType = form === 'sse' ? 'text/event-stream' : 'application/x-ndjson';
  }

  /** Connections that are open. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * To all that are connected, and to those who come back. `item` is sent as JSON. Resolves when those who are connected have taken so
   * much that there is room for more.
   */
  async send(item: unknown): Promise<void> {
    const index = this.events.push(item) - 1;
    await Promise.all([...this.#open].map((response) => written(response, this.#written(index))));
  }

  /** Bytes as they are, to all that are connected: comments, halves of lines, garbage. Not repeated to anybody. */
  sendRaw(text: string): void {
    for (const response of this.#open) response.write(text);
  }

  /** All connections end: in order, or by a reset. */
  cut(how: 'end' | 'reset'): void {
    for (const response of this.#open) {
      if (how === 'end') response.end();
      else response.socket?.resetAndDestroy();
    }
    this.#open.clear();
  }

  /** For the server. */
  answer(request: SeenRequest, response: ServerResponse): void {
    this.requests.push(request);
    if (this.status !== 200) return void response.writeHead(this.status).end();
    response.writeHead(200, { 'content-type': this.contentType, 'cache-control': 'no-store' });
    response.flushHeaders();
    for (let index = this.#from(request); index < this.events.length; index++)
      response.write(this.#written(index));
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
  }

  #from({ headers }: SeenRequest): number {
    const last = headers['last-event-id'];
    if (this.form === 'sse' && typeof last === 'string') return Number(last) + 1;
    return this.replaysAll ? 0 : this.events.length;
  }

  #written(index: number): string {
    const json = JSON.stringify(this.events[index]);
    return this.form === 'sse' ? `id: ${index}\ndata: ${json}\n\n` : `${json}\n`;
  }
}

async function written(response: ServerResponse, text: string): Promise<void> {
  if (!response.write(text)) await drained(response);
}
