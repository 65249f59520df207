// A connection to the stream as a client has it: authenticates, subscribes once, acknowledges what it was given, and knows when
// the other side is gone. What the lines mean to whoever asked is the listener's. PROTOCOL.md is the reference.

import { WebSocket } from 'ws';
import type { Cancel, Clock } from '../clock.js';
import type { Alias } from '../protocol/data-lines.js';
import { SUBPROTOCOL_JSON } from '../protocol/subprotocol.js';
import type { Ms } from '../topic/update.js';
import { Bracket } from './bracket.js';
import type { DataLine } from './held-values.js';

/** A control line, with the fields that are looked at. */
export interface ControlLine {
  readonly op?: string;
  readonly re?: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly beatMs?: Ms;
  readonly frames?: number;
  readonly rights?: 'some' | 'none';
  readonly x?: unknown;
  readonly conflated?: number;
}

export interface StreamListener {
  /** In the order in which they are to be applied, those of one bracket together (P39). `text`: the line as it came. */
  data(line: DataLine, text: string): void;
  control(line: ControlLine): void;
  /** Messages have been lost on the way: nothing held can be trusted. */
  gap(): void;
}

/** Why the connection is no more. */
export type StreamEnd =
  /** There was no WebSocket. `status`: of the HTTP answer, if there was one. */
  | { readonly why: 'refused'; readonly status: number | undefined; readonly message: string }
  | { readonly why: 'closed'; readonly code: number; readonly reason: string }
  /** Nothing at all was heard for twice the time in which something must be. */
  | { readonly why: 'silent' }
  /** The other side speaks something else. */
  | { readonly why: 'not the protocol' };

export interface StreamClientOptions {
  readonly clock: Clock;
  readonly url: URL;
  /** Left out: as nobody in particular. */
  readonly token: string | undefined;
  readonly filters: readonly string[];
  readonly listener: StreamListener;
}

const HANDSHAKE_MS: Ms = 10_000;
const ACK_EVERY_MS: Ms = 1_000;
const ACK_EVERY_BYTES = 64 * 1024;
/** Until the welcome says how often something comes. */
const FIRST_BEAT_MS: Ms = 15_000;
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** Invariant: `#frames` are the messages that the listener has had whole, and `#acked` of them the server knows about. */
export class StreamClient {
  /** Never rejects. */
  readonly ended: Promise<StreamEnd>;
  readonly #o: StreamClientOptions;
  readonly #ws: WebSocket;
  readonly #bracket = new Bracket<readonly [line: DataLine, text: string]>();
  #end: (end: StreamEnd) => void = () => undefined;
  #frames = 0;
  #acked = 0;
  #unackedBytes = 0;
  #beatMs: Ms = FIRST_BEAT_MS;
  #heardAt: Ms;
  #cancel: Cancel;

  constructor(options: StreamClientOptions) {
    const { url, clock } = options;
    this.#o = options;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#heardAt = clock.monotonic();
    this.#ws = new WebSocket(url, [SUBPROTOCOL_JSON], {
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    this.#ws.on('open', () => this.#greet());
    this.#ws.on('message', (bytes: Buffer) => this.#message(bytes));
    this.#ws.on('ping', () => (this.#heardAt = clock.monotonic()));
    this.#ws.on('close', (code, reason) => this.#stop({ why: 'closed', code, reason: reason.toString() }));
    this.#ws.on('error', (error) =>
      this.#stop({ why: 'refused', status: undefined, message: sentenceOf(error, url) }),
    );
    this.#ws.on('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      let message = '';
      response.on('data', (bytes: Buffer) => (message += bytes.toString().slice(0, 200)));
      response.on('close', () => this.#stop({ why: 'refused', status, message: message.trim() }));
    });
    this.#cancel = clock.after(ACK_EVERY_MS, () => this.#tick());
  }

  /** Asks for the whole value of an alias. */
  resync(alias: Alias): void {
    this.#send({ op: 'resync', a: alias });
  }

  /** Ends the connection; nothing is heard of it any more. */
  close(): void {
    this.#cancel();
    this.#ws.removeAllListeners();
    this.#ws.on('error', () => undefined);
    this.#ws.close(1000);
  }

  #greet(): void {
    const { token, filters } = this.#o;
    const subscribe = [{ id: 2, filters, times: true }];
    this.#send({ op: 'auth', id: 1, ...(token !== undefined && { token }), acks: true, subscribe });
  }

  #message(bytes: Buffer): void {
    const text = bytes.toString();
    this.#heardAt = this.#o.clock.monotonic();
    for (const line of text.split('\n')) {
      const value = parsed(line);
      if (Array.isArray(value)) this.#data(value as unknown as DataLine, line);
      else if (typeof value === 'object' && value !== null) this.#control(value);
      else return this.#stop({ why: 'not the protocol' });
    }
    this.#frames += 1;
    this.#unackedBytes += text.length;
    if (this.#unackedBytes >= ACK_EVERY_BYTES) this.#ack();
  }

  #data(line: DataLine, text: string): void {
    for (const due of this.#bracket.take(line[0], [line, text])) this.#o.listener.data(...due);
  }

  #control(line: ControlLine): void {
    if (line.op === 'reset') this.#bracket.drop();
    if (line.op === 'welcome' && line.beatMs !== undefined) this.#beatMs = line.beatMs;
    if (line.op === 'beat' && line.frames !== this.#frames) this.#o.listener.gap(); // P33
    this.#o.listener.control(line);
  }

  #tick(): void {
    const { clock } = this.#o;
    this.#cancel = clock.after(ACK_EVERY_MS, () => this.#tick());
    this.#ack();
    if (clock.monotonic() - this.#heardAt > 2 * this.#beatMs) this.#stop({ why: 'silent' });
  }

  #ack(): void {
    if (this.#acked === this.#frames) return;
    this.#acked = this.#frames;
    this.#unackedBytes = 0;
    this.#send({ op: 'ack', frames: this.#frames });
  }

  #send(command: object): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(JSON.stringify(command));
  }

  /** The first reason counts. */
  #stop(end: StreamEnd): void {
    this.#end(end);
    this.close();
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function sentenceOf(error: Error, { host, hostname }: URL): string {
  const code = 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${host}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `there is no host ${hostname}`;
    default:
      return `${host} cannot be reached (${code === '' ? error.message : code})`;
  }
}
