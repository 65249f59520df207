// Reads the fields of one message in order and never beyond its end.

import { ProtocolFault } from './protocol-fault.js';
import { TUPLE_LENGTH_BYTES, TUPLE_NULL, TUPLE_TEXT, TUPLE_UNCHANGED, type Tuple } from './tuple.js';

/** Invariant: all before `#at` has been read and lies within the message. What is cut short throws ProtocolFault. */
export class MessageCursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes[this.#take(1, 'a byte')] as number;
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2, 'a number'));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4, 'a number'));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4, 'a number'));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8, 'an LSN'));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8, 'a time'));
  }

  /** Text that ends with a zero byte. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) return this.fail('a text without end');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** How many things of at least `size` bytes follow: so many that the message can hold them. */
  count32(size: number, what: string): number {
    const count = this.uint32();
    if (count * size > this.#bytes.length - this.#at) this.fail(`more ${what} than the message holds`);
    return count;
  }

  skip(count: number, what: string): void {
    this.#take(count, what);
  }

  /** Finds the end of a row, so that whoever reads its columns need not look for the message's. */
  tuple(holds: Tuple['holds']): Tuple {
    const columns = this.uint16();
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let unchanged = 0;
    for (let column = 0; column < columns; column++) {
      const how = bytes[at++];
      if (how === TUPLE_TEXT) at = this.#afterText(at);
      else if (how === TUPLE_UNCHANGED) unchanged++;
      else if (how !== TUPLE_NULL) this.fail('a column of unknown form', at - 1);
    }
    this.#at = at;
    return { bytes, start, columns, holds, unchanged };
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#at !== this.#bytes.length) this.fail('more than the message should hold');
  }

  fail(what: string, at = this.#at): never {
    throw new ProtocolFault(what, at);
  }

  #afterText(at: number): number {
    const start = at + TUPLE_LENGTH_BYTES;
    const room = this.#bytes.length - start;
    if (room < 0) return this.fail('the message ends within a column', at);
    const length = this.#bytes.readUInt32BE(at);
    if (length > room) return this.fail('a column that is longer than the message', at);
    return start + length;
  }

  #take(count: number, what: string): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) this.fail(`the message ends where ${what} should be`, at);
    this.#at = at + count;
    return at;
  }
}
