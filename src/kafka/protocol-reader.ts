// Reads Kafka's primitive types from a response in place, in the plain and in the flexible encoding (KIP-482).

import { KafkaDataError } from './data-error.js';
import { readInt64 } from './int64.js';

/** A cursor over one response. Every read checks its bounds and throws KafkaDataError past the end. */
export class ProtocolReader {
  readonly bytes: Buffer;
  at: number;
  readonly #flexible: boolean;

  constructor(bytes: Buffer, at: number, encoding: { readonly flexible: boolean }) {
    this.bytes = bytes;
    this.at = at;
    this.#flexible = encoding.flexible;
  }

  int8(): number {
    return this.bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#take(4));
  }

  int64(): number {
    return readInt64(this.bytes, this.#take(8));
  }

  /** A topic id; a slice. */
  uuid(): Buffer {
    const at = this.#take(16);
    return this.bytes.subarray(at, at + 16);
  }

  /** Length of an array; null counts as empty. Never more than the bytes that are left. */
  count(): number {
    const count = this.#flexible ? this.#uvarint() - 1 : this.int32();
    if (count > this.bytes.length - this.at) throw new KafkaDataError('malformed', `array of ${count}`);
    return Math.max(count, 0);
  }

  /** null becomes the empty string. */
  string(): string {
    const length = Math.max(this.#flexible ? this.#uvarint() - 1 : this.int16(), 0);
    const at = this.#take(length);
    return this.bytes.toString('utf8', at, at + length);
  }

  /** Skips a byte field and returns its length; it ends at the new `at`. */
  byteField(): number {
    const length = Math.max(this.#flexible ? this.#uvarint() - 1 : this.int32(), 0);
    this.#take(length);
    return length;
  }

  /** Skips tagged fields; `visit` may read from the beginning of each. */
  tags(visit?: (tag: number) => void): void {
    if (!this.#flexible) return;
    for (let left = this.#uvarint(); left > 0; left--) {
      const tag = this.#uvarint();
      const length = this.#uvarint();
      const start = this.#take(length);
      if (visit === undefined) continue;
      this.at = start;
      visit(tag);
      this.at = start + length;
    }
  }

  #uvarint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 2 ** 7) {
      const byte = this.bytes.readUInt8(this.#take(1));
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new KafkaDataError('malformed', 'length too long');
  }

  #take(length: number): number {
    const at = this.at;
    if (length < 0 || at + length > this.bytes.length)
      throw new KafkaDataError('malformed', 'response ends early');
    this.at = at + length;
    return at;
  }
}
