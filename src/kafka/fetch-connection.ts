// One socket to one broker with our own framing: a request goes out, the frame of its answer comes back. kafkajs spends three times
// the CPU of this on a small fetch (promises, Encoder objects, concatenated buffers), which is most of the cost at low rates.

import type { Socket } from 'node:net';

/** The connection ended, or the broker did not answer in time. The reader opens another one. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** A larger answer is not ours: one fetch is limited to far less. */
const MAX_FRAME_BYTES = 512 << 20;

/**
 * Invariant: at most one request is unanswered. An answer that lies in one chunk of the socket is handed out as a slice of it, any
 * other is copied once into a buffer of its size.
 */
export class FetchConnection {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  #correlationId = 0;
  #waiting: { resolve(frame: Buffer): void; reject(error: Error): void } | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #lost: ConnectionLost | undefined;
  /** A frame that is not complete yet, and the first bytes of one whose length is not complete. */
  #frame: Buffer | undefined;
  #filled = 0;
  #head: Buffer = Buffer.alloc(0);

  /** Takes over a connected, authenticated socket whose former listeners are gone. */
  constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('the broker closed the connection'));
    socket.setNoDelay(true);
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** `request` writes the bytes for a correlation id. Resolves to the response after that id. Throws ConnectionLost. */
  exchange(request: (correlationId: number) => Buffer): Promise<Buffer> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    this.#correlationId = (this.#correlationId + 1) & 0x7fffffff;
    this.#socket.write(request(this.#correlationId));
    if (this.#watchdog === undefined) this.#watchdog = setTimeout(() => this.#onTimeout(), this.#timeoutMs);
    else this.#watchdog.refresh();
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  close(): void {
    this.#end('closed');
  }

  #onTimeout(): void {
    this.#watchdog = undefined;
    if (this.#waiting !== undefined) this.#end(`no answer within ${this.#timeoutMs} ms`);
  }

  #end(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLost(reason);
    clearTimeout(this.#watchdog);
    this.#socket.destroy();
    this.#waiting?.reject(this.#lost);
    this.#waiting = undefined;
  }

  #take(chunk: Buffer): void {
    if (this.#frame !== undefined) return this.#fill(this.#frame, chunk);
    const bytes = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    if (bytes.length < 4) {
      this.#head = bytes;
      return;
    }
    this.#head = Buffer.alloc(0);
    const length = bytes.readInt32BE(0);
    if (length < 4 || length > MAX_FRAME_BYTES) return this.#end(`an answer of ${length} bytes`);
    if (bytes.length >= 4 + length) {
      this.#answer(bytes.subarray(4, 4 + length));
      return;
    }
    this.#frame = Buffer.allocUnsafeSlow(length);
    this.#filled = bytes.copy(this.#frame, 0, 4);
  }

  #fill(frame: Buffer, chunk: Buffer): void {
    this.#filled += chunk.copy(frame, this.#filled);
    if (this.#filled < frame.length) return;
    this.#frame = undefined;
    this.#answer(frame);
  }

  #answer(frame: Buffer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined || frame.readInt32BE(0) !== this.#correlationId) {
      this.#end('an answer to no request');
      return;
    }
    waiting.resolve(frame.subarray(4));
  }
}
