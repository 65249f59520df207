// Reads WebSocket frames (RFC 6455) of a server from a stream that is cut anywhere, without copying what they hold.

/** Told about each piece of a data message; a message may come in several. The buffer is reused: nothing may be kept. */
export interface FrameSink {
  /** A text message begins. */
  begin(): void;
  piece(buffer: Buffer, from: number, to: number): void;
  /** The message is complete. */
  complete(): void;
  /** A ping, with its payload copied. */
  ping(payload: Buffer): void;
  /** The server closes. */
  closed(): void;
}

const CLOSE = 8;
const PING = 9;
const LONGEST_HEADER = 10;

/** Invariant: `#left` bytes of the current payload are still to come; 0: a header is next, of which `#held` bytes are here. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(LONGEST_HEADER);
  #held = 0;
  #left = 0;
  #opcode = 0;
  #control: Buffer[] = [];

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  read(buffer: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.#left > 0) {
        const end = Math.min(to, at + this.#left);
        this.#payload(buffer, at, end);
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#end();
        continue;
      }
      this.#header[this.#held++] = buffer[at++] ?? 0;
      if (this.#held === headerBytes(this.#header, this.#held)) this.#begin();
    }
  }

  #begin(): void {
    const [first = 0, second = 0] = this.#header;
    this.#opcode = first & 15;
    if (second < 126) this.#left = second;
    else if (second === 126) this.#left = this.#header.readUInt16BE(2);
    else this.#left = this.#header.readUInt32BE(6);
    this.#held = 0;
    if (this.#opcode < CLOSE) this.#sink.begin();
    if (this.#left === 0) this.#end();
  }

  #payload(buffer: Buffer, from: number, to: number): void {
    if (this.#opcode < CLOSE) this.#sink.piece(buffer, from, to);
    else this.#control.push(Buffer.from(buffer.subarray(from, to)));
  }

  #end(): void {
    if (this.#opcode < CLOSE) this.#sink.complete();
    else if (this.#opcode === PING) this.#sink.ping(Buffer.concat(this.#control));
    else if (this.#opcode === CLOSE) this.#sink.closed();
    this.#control = [];
  }
}

/** Size of the header whose first `held` bytes are here; more than that when it is not known yet. */
function headerBytes(header: Buffer, held: number): number {
  if (held < 2) return LONGEST_HEADER;
  const size = header[1] ?? 0;
  if (size < 126) return 2;
  return size === 126 ? 4 : LONGEST_HEADER;
}

/** A masked frame of a client. The mask is zero: it protects proxies, of which there is none here. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const isShort = payload.length < 126;
  const header = Buffer.alloc(isShort ? 6 : 8);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (isShort ? payload.length : 126);
  if (!isShort) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

export const OPCODE = { text: 1, pong: 10 } as const;
