// What the LZ4 and snappy decoders write to.

import { KafkaDataError } from './data-error.js';

const SMALLEST_BYTES = 64 * 1024;

/** Growing output that never exceeds its limit and never refers to what it does not hold. */
export class BoundedOutput {
  #bytes: Buffer;
  #used = 0;
  readonly #maxBytes: number;

  constructor(initialBytes: number, maxBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(SMALLEST_BYTES, initialBytes)));
    this.#maxBytes = maxBytes;
  }

  /** Appends `source[start, start + length)`, which must be inside. */
  literals(source: Buffer, start: number, length: number): void {
    this.#reserve(length);
    source.copy(this.#bytes, this.#used, start, start + length);
    this.#used += length;
  }

  /** Appends `length` bytes from `distance` bytes back; they may overlap with what is written. */
  match(distance: number, length: number): void {
    if (distance === 0 || distance > this.#used)
      throw new KafkaDataError('malformed', 'match before the start');
    this.#reserve(length);
    const bytes = this.#bytes;
    const from = this.#used - distance;
    if (distance >= length) bytes.copyWithin(this.#used, from, from + length);
    else for (let index = 0; index < length; index++) bytes[this.#used + index] = bytes[from + index] ?? 0;
    this.#used += length;
  }

  /** A slice of everything so far. */
  content(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  #reserve(length: number): void {
    const needed = this.#used + length;
    if (needed <= this.#bytes.length) return;
    if (needed > this.#maxBytes) throw new KafkaDataError('too-large', `over ${this.#maxBytes} bytes`);
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(needed, this.#bytes.length * 2)));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }
}
