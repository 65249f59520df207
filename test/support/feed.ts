// One polled feed of a FeedServer: its items, the form in which it gives them, and what goes wrong on which request.

import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

import { drained } from './drained.js';
import { FeedPages, type FeedForm, type FeedItem, type FeedPaging } from './feed-pages.js';
import type { SeenRequest } from './feed-server.js';
import { encoded, validated, type FeedAnswer, type FeedEncoding, type Validators } from './feed-answer.js';

export type { FeedItem } from './feed-pages.js';

/** What happens to one request in the place of the right answer. */
export type FeedFault =
  /** Headers in lower case: `retry-after`, `location`. */
  | {
      readonly do: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** 200 with these bytes. `contentType`: that of the feed where it is left out. */
  | {
      readonly do: 'body';
      readonly body: string | Buffer;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The right bytes under another name. */
  | { readonly do: 'content-type'; readonly contentType: string }
  /** The connection is reset before anything is said, or after half of the body. */
  | { readonly do: 'reset'; readonly at: 'head' | 'body' }
  /** Half of the body, and then an end: one that breaks the promise of Content-Length, or one that looks right. */
  | { readonly do: 'truncate'; readonly how: 'short' | 'chunked' }
  /** The right answer, later. */
  | { readonly do: 'delay'; readonly ms: number }
  /** Nothing is ever said. */
  | { readonly do: 'hang' }
  /** The right answer, so many bytes at a time. */
  | { readonly do: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** A body that begins like an array and never ends. */
  | { readonly do: 'endless' }
  /** Paged: the next page is this page again. */
  | { readonly do: 'loop' }
  /** Paged: there is always a next page, of a new name; after the last one they are empty. */
  | { readonly do: 'more-pages' };

const TO_ARRIVE_MS = 10;

/** Invariant: pages after the first are of the items that the feed had when its first page was asked for last. */
export class Feed {
  /** Replace it to change the feed. Items without `id` and with the same `id` are sent as they are. */
  items: readonly FeedItem[] = [];
  /** Default `array`. */
  form: FeedForm = 'array';
  /** undefined: one page has all. */
  paging: FeedPaging | undefined;
  /** Members of a wrapped body beside `items` and `next`. */
  extra: Readonly<Record<string, unknown>> = {};
  /** ETag and Last-Modified: true ones, ones that stay the same whatever changes, or none. */
  validators: Validators = 'honest';
  /** Compressed, whatever the request says. */
  encoding: FeedEncoding | undefined;
  /** An incremental feed: items whose `field` is greater than what this parameter says. */
  since: { readonly query: string; readonly field: string } | undefined;
  /** `Authorization` must be this; else 401. */
  authorization: string | undefined;
  /** A fault for every request that the script says nothing of. `index`: from 0, of all requests. */
  rule: ((request: SeenRequest, index: number) => FeedFault | undefined) | undefined;
  readonly requests: SeenRequest[] = [];
  /** Statuses answered, in order; 0 where there was none. */
  readonly statuses: number[] = [];
  inFlight = 0;
  mostInFlight = 0;
  #script: (FeedFault | undefined)[] = [];
  #shown: readonly FeedItem[] = [];
  readonly #stopping = new AbortController();

  /** What happens to the next requests, one each, before `rule` is asked. `undefined`: the right answer. */
  script(...faults: readonly (FeedFault | undefined)[]): void {
    this.#script.push(...faults);
  }

  /** Forgets what is left of the script. */
  heal(): void {
    this.#script = [];
    this.rule = undefined;
  }

  /** Of the script. */
  get faultsLeft(): number {
    return this.#script.length;
  }

  /** For the server: a request is here. Call what it returns when it is over. */
  enter(): () => void {
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    return () => void this.inFlight--;
  }

  /** For the server: what is delayed is forgotten. */
  stop(): void {
    this.#stopping.abort();
  }

  /** For the server. */
  async answer(request: SeenRequest, response: ServerResponse): Promise<void> {
    const index = this.requests.push(request) - 1;
    const fault = this.#script.length > 0 ? this.#script.shift() : this.rule?.(request, index);
    const right = this.#right(request, fault);
    if (fault?.do === 'delay')
      await wait(fault.ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    const given = fault === undefined ? right : answerAt(fault, right);
    this.statuses.push(given?.status ?? 0);
    if (given === undefined || response.destroyed) spoilHead(fault, response);
    else if (fault !== undefined && SPOILT.has(fault.do)) await this.#spoilBody(fault, given, response);
    else response.writeHead(given.status, given.headers).end(given.body);
  }

  #right(request: SeenRequest, fault: FeedFault | undefined): FeedAnswer {
    if (this.authorization !== undefined && request.headers.authorization !== this.authorization)
      return { status: 401, headers: { 'content-type': 'text/plain' }, body: Buffer.from('who are you?') };
    const pages = new FeedPages({ form: this.form, paging: this.paging, extra: this.extra });
    if (pages.isFirst(request)) this.#shown = this.items;
    const turn = fault?.do === 'loop' || fault?.do === 'more-pages' ? fault.do : 'next';
    const { contentType, body, headers } = pages.page(this.#since(request), request, turn);
    const answer = {
      status: 200,
      headers: { 'content-type': contentType, ...headers },
      body: Buffer.from(body),
    };
    const isWhole = fault !== undefined && WHOLE.has(fault.do);
    const whole = validated(answer, isWhole ? { ...request, headers: {} } : request, this.validators);
    return this.encoding === undefined ? whole : encoded(whole, this.encoding);
  }

  #since({ query }: SeenRequest): readonly FeedItem[] {
    const { since } = this;
    const from = since === undefined ? null : query.get(since.query);
    if (since === undefined || from === null) return this.#shown;
    return this.#shown.filter((item) => compare(item[since.field], from) > 0);
  }

  async #spoilBody(
    fault: FeedFault,
    { status, headers, body }: FeedAnswer,
    response: ServerResponse,
  ): Promise<void> {
    const half = body.subarray(0, Math.floor(body.length / 2));
    const isChunked = fault.do === 'endless' || (fault.do === 'truncate' && fault.how === 'chunked');
    response.writeHead(status, isChunked ? headers : { ...headers, 'content-length': body.length });
    if (isChunked && fault.do === 'truncate') return void response.end(half);
    if (fault.do === 'drip') return this.#drip(fault, body, response);
    if (fault.do === 'endless') return this.#endless(response);
    await new Promise<void>((resolve) => void response.write(half, () => resolve()));
    await wait(TO_ARRIVE_MS); // what is on its way is lost by a reset
    if (fault.do === 'reset') response.socket?.resetAndDestroy();
    else response.socket?.end();
  }

  async #drip(
    { bytes, everyMs }: Extract<FeedFault, { do: 'drip' }>,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    for (let from = 0; from < body.length && !this.#isOver(response); from += bytes) {
      response.write(body.subarray(from, from + bytes));
      await wait(everyMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
    response.end();
  }

  async #endless(response: ServerResponse): Promise<void> {
    const piece = `${'"x",'.repeat(4_000)}\n`;
    response.write('[');
    while (!this.#isOver(response)) {
      const isRoom = response.write(piece);
      await (isRoom ? nextTurn() : drained(response));
    }
  }

  #isOver(response: ServerResponse): boolean {
    return response.destroyed || this.#stopping.signal.aborted;
  }
}

/** The faults of a body: what was asked for was not whether there is one. */
const WHOLE = new Set<FeedFault['do']>([
  'reset',
  'truncate',
  'drip',
  'endless',
  'content-type',
  'loop',
  'more-pages',
]);
/** The faults of which a part of the answer is seen. */
const SPOILT = new Set<FeedFault['do']>(['reset', 'truncate', 'drip', 'endless']);

/** undefined: nothing is answered. */
function answerAt(fault: FeedFault, right: FeedAnswer): FeedAnswer | undefined {
  switch (fault.do) {
    case 'status':
      return {
        status: fault.status,
        headers: { 'content-type': 'text/plain', ...fault.headers },
        body: Buffer.from(fault.body ?? ''),
      };
    case 'body': {
      const contentType = fault.contentType ?? right.headers['content-type'] ?? 'application/json';
      return {
        status: 200,
        headers: { 'content-type': contentType, ...fault.headers },
        body: Buffer.from(fault.body),
      };
    }
    case 'content-type':
      return { ...right, headers: { ...right.headers, 'content-type': fault.contentType } };
    case 'hang':
      return undefined;
    case 'reset':
      return fault.at === 'head' ? undefined : right;
    case 'truncate':
    case 'delay':
    case 'drip':
    case 'endless':
    case 'loop':
    case 'more-pages':
      return right;
  }
}

function spoilHead(fault: FeedFault | undefined, response: ServerResponse): void {
  if (fault?.do === 'reset') response.socket?.resetAndDestroy();
}

/** Numbers as numbers, anything else as text. */
function compare(value: unknown, from: string): number {
  if (typeof value === 'number') return value - Number(from);
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text === from ? 0 : text < from ? -1 : 1;
}
