// The beginning of a message whose end has not come yet. However small the pieces are in which it comes, it takes little more
// memory than its bytes.

import { BadFeed } from '../format/bad-feed.js';

/** Of the first piece. */
const FIRST_BYTES = 512;

/** Invariant: never holds more than `maxBytes`. */
export class PartialMessage {
  readonly #maxBytes: number;
  #bytes = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Throws BadFeed where the message becomes too large. */
  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    this.#check(length);
    if (length > this.#bytes.length) this.#grow(length);
    piece.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** The whole message, which ends with `piece`; the next one begins. Throws BadFeed where it is too large. */
  complete(piece: Buffer): Buffer {
    if (this.#length === 0) {
      this.#check(piece.length);
      return piece;
    }
    this.add(piece);
    const whole = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return whole;
  }

  #check(length: number): void {
    if (length <= this.#maxBytes) return;
    throw new BadFeed(
      `a message of the stream is larger than ${this.#maxBytes} bytes, so the connection was cut; raise maxBytes if such messages are right`,
    );
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(FIRST_BYTES, 2 * length)));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
