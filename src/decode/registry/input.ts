// A place in the bytes of a document, moved on by what is read there: the number forms that Avro and Protocol Buffers share.

import { Unreadable } from './unreadable.js';

/** Whole numbers as both formats have them: a double where it is exact, else a bigint. */
export type Whole = number | bigint;

const TWO_28 = 2 ** 28;
const TWO_32 = 2 ** 32;

/** Invariant: `at <= end`; what would lie beyond throws Unreadable. */
export class Input {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;

  begin(bytes: Buffer, at: number, end = bytes.length): this {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    return this;
  }

  /** Where `length` bytes begin that are skipped over. */
  take(length: number): number {
    const start = this.at;
    if (length < 0 || length > this.end - start) this.fail();
    this.at = start + length;
    return start;
  }

  byte(): number {
    if (this.at >= this.end) this.fail();
    return this.bytes[this.at++] as number;
  }

  float(): number {
    return this.bytes.readFloatLE(this.take(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  fixed32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  fixed64(): bigint {
    return this.bytes.readBigUInt64LE(this.take(8));
  }

  /** Base-128, least significant group first, not negative, below 2^64. */
  varint(): Whole {
    const start = this.at;
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let low = byte & 0x7f;
    for (let factor = 0x80; factor < TWO_28; factor *= 0x80) {
      byte = this.byte();
      low += (byte & 0x7f) * factor;
      if (byte < 0x80) return low;
    }
    let high = 0;
    for (let factor = 1; factor < TWO_28; factor *= 0x80) {
      byte = this.byte();
      high += (byte & 0x7f) * factor;
      if (byte < 0x80) return high < 2 ** 25 ? low + high * TWO_28 : exact(low, high, 0);
    }
    byte = this.byte();
    let top = byte & 0x7f;
    if (byte >= 0x80) {
      byte = this.byte();
      if (byte > 1) this.fail(start);
      top += byte * 0x80;
    }
    return exact(low, high, top);
  }

  /** How many bytes follow. */
  length(): number {
    const start = this.at;
    const length = this.varint();
    return typeof length === 'number' ? length : this.fail(start);
  }

  /** A varint whose last bit is the sign, within 64 bits. */
  zigZag(): Whole {
    const value = this.varint();
    if (typeof value === 'bigint')
      return narrow(BigInt.asIntN(64, value & 1n ? ~(value >> 1n) : value >> 1n));
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** The low 32 bits of a varint, as both formats truncate. */
  varint32(): number {
    const value = this.varint();
    return typeof value === 'bigint' ? Number(BigInt.asUintN(32, value)) : value % TWO_32;
  }

  fail(at = this.at): never {
    throw new Unreadable('invalid', at);
  }
}

/** A double where that is exact. */
export function narrow(value: bigint): Whole {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function exact(low: number, high: number, top: number): bigint {
  return BigInt(low) + (BigInt(high) << 28n) + (BigInt(top) << 56n);
}
