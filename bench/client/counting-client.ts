// One raw connection that counts: the upgrade by hand, no WebSocket library, no copy and no object per message.

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { StrategyName } from '../server/strategy.js';
import { DIALECTS, type Dialect, type Wanted } from './dialect.js';
import { clientFrame, FrameReader, OPCODE, type FrameSink } from './frames.js';
import type { Latencies } from './latencies.js';
import { tallyOf, type Tally } from './tally.js';

/** What all clients of a group have received; the clients add to it. */
export interface Totals {
  deliveries: number;
  messages: number;
  bytes: number;
  /** Connections that ended without being asked to. */
  lost: number;
  /** Where time stamps go; undefined: they are not looked for. */
  latencies: Latencies | undefined;
}

/** Times after the request to connect, in ms. */
export interface JoinTimes {
  readonly firstValueMs: number | undefined;
  readonly subscribedMs: number;
}

export interface CountingClientOptions {
  readonly strategy: StrategyName;
  readonly port: number;
  readonly wanted: Wanted;
  readonly totals: Totals;
}

/** Received bytes after which a client of Tailrace says how far it has read (PROTOCOL.md). */
const ACK_BYTES = 64 * 1024;
/** All connections of the process read into this one: what is read is dealt with before the next read. */
const READ_BUFFER = Buffer.alloc(64 * 1024);

/** Short messages while counting may be questions of the transport. */
const LONGEST_QUESTION = 4;

export class CountingClient implements FrameSink {
  readonly #o: CountingClientOptions;
  readonly #dialect: Dialect;
  readonly #tally: Tally;
  readonly #frames = new FrameReader(this);
  readonly #socket: Socket;
  readonly #startedAt = performance.now();
  readonly #joined: (times: JoinTimes) => void;
  readonly #failed: (error: Error) => void;
  /** The HTTP answer, until it is complete. */
  #head: string | undefined = '';
  /** The current message, where it is read as text. */
  #text: string | undefined;
  #isSubscribed = false;
  #firstValueMs: number | undefined;
  #messages = 0;
  #acknowledged = 0;
  #bytesSinceAck = 0;
  #isClosing = false;

  /** Resolves when the client is subscribed. */
  static join(options: CountingClientOptions): Promise<{ client: CountingClient; times: JoinTimes }> {
    return new Promise((resolve, reject) => {
      const client: CountingClient = new CountingClient(
        options,
        (times) => resolve({ client, times }),
        reject,
      );
    });
  }

  private constructor(
    o: CountingClientOptions,
    joined: (times: JoinTimes) => void,
    failed: (error: Error) => void,
  ) {
    this.#o = o;
    this.#dialect = DIALECTS[o.strategy];
    this.#tally = tallyOf(o.strategy);
    this.#joined = joined;
    this.#failed = failed;
    this.#socket = connect({
      host: '127.0.0.1',
      port: o.port,
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (bytes) => this.#read(bytes) },
    });
    this.#socket.on('connect', () => this.#socket.write(upgradeRequest(this.#dialect)));
    this.#socket.on('error', failed);
    this.#socket.on('close', () => this.#ended());
  }

  /** Stops reading: the kernel takes what it can hold, then the server has to wait. */
  stall(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Says how far it has read, where the protocol has that and there is something new. Returns whether it did. */
  acknowledge(): boolean {
    if (this.#o.strategy !== 'tailrace' || this.#acknowledged === this.#messages || this.#socket.isPaused())
      return false;
    this.#acknowledged = this.#messages;
    this.#bytesSinceAck = 0;
    this.#say(`{"op":"ack","frames":${this.#messages}}`);
    return true;
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  begin(): void {
    this.#messages += 1;
    this.#o.totals.messages += 1;
    this.#text = this.#isSubscribed ? undefined : '';
    this.#tally.begin();
  }

  piece(buffer: Buffer, from: number, to: number): void {
    const { totals } = this.#o;
    if (this.#isSubscribed) {
      totals.deliveries += this.#tally.piece(buffer, from, to);
      totals.latencies?.find(buffer, from, to);
      if (to - from < LONGEST_QUESTION) this.#text = buffer.toString('latin1', from, to);
    } else {
      this.#text += buffer.toString('latin1', from, to);
    }
  }

  complete(): void {
    if (this.#isSubscribed) {
      this.#o.totals.deliveries += this.#tally.complete();
      if (this.#text !== undefined) this.#reply(this.#text);
    } else if (this.#text !== undefined) {
      this.#obey(this.#text);
    }
  }

  ping(payload: Buffer): void {
    this.#socket.write(clientFrame(OPCODE.pong, payload));
  }

  closed(): void {
    this.#socket.destroy();
  }

  #read(bytes: number): boolean {
    this.#o.totals.bytes += bytes;
    this.#bytesSinceAck += bytes;
    const from = this.#head === undefined ? 0 : this.#upgrade(bytes);
    this.#frames.read(READ_BUFFER, from, bytes);
    if (this.#bytesSinceAck >= ACK_BYTES) this.acknowledge();
    return true;
  }

  /** Returns where the frames begin. */
  #upgrade(bytes: number): number {
    const before = this.#head?.length ?? 0;
    const head = `${this.#head}${READ_BUFFER.toString('latin1', 0, bytes)}`;
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      this.#head = head;
      return bytes;
    }
    if (!head.startsWith('HTTP/1.1 101')) this.#failed(new Error(head.slice(0, 200)));
    this.#head = undefined;
    for (const text of this.#dialect.hello(this.#o.wanted)) this.#say(text);
    return end + 4 - before;
  }

  #obey(message: string): void {
    for (const step of this.#dialect.read(message, this.#o.wanted)) {
      if (step === undefined) continue;
      const nowMs = performance.now() - this.#startedAt;
      if (step === 'value') this.#firstValueMs ??= nowMs;
      else if (step === 'subscribed') {
        this.#isSubscribed = true;
        this.#joined({ firstValueMs: this.#firstValueMs, subscribedMs: nowMs });
      } else for (const text of step.say) this.#say(text);
    }
  }

  #reply(message: string): void {
    const reply = this.#dialect.reply(message);
    if (reply !== undefined) this.#say(reply);
  }

  #say(text: string): void {
    this.#socket.write(clientFrame(OPCODE.text, Buffer.from(text)));
  }

  #ended(): void {
    if (!this.#isSubscribed)
      this.#failed(new Error('the server closed the connection before it was subscribed'));
    if (!this.#isClosing) this.#o.totals.lost += 1;
  }
}

function upgradeRequest({ requestPath, subprotocol }: Dialect): string {
  const lines = [
    `GET ${requestPath} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  ];
  if (subprotocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
