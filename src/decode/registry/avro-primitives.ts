// Values of Avro that hold no others: numbers, text, bytes, and what logical types make of them.

import { durationText, uuidText, WHOLE_NUMBERS } from './avro-logical.js';
import { decimalText } from './decimal.js';
import { bareType, Logical, sizeOf, type AvroType } from './avro-schema.js';
import type { Input, Whole } from './input.js';
import type { JsonWriter } from './json-writer.js';
import type { Walk } from './walk.js';

/** undefined: the one is never read as the other. Sizes of fixed types are the caller's to compare. */
export function primitiveWalk(writer: AvroType, reader: AvroType): Walk | undefined {
  const from = bareType(writer).typeName;
  const into = bareType(reader).typeName;
  if (!(reader instanceof Logical)) return WALKS[from]?.[into];
  if (writer instanceof Logical && !isSameLogical(writer, reader)) return undefined;
  const isAlike = from === into || (from === 'int' && into === 'long');
  return isAlike ? logicalWalk(reader, from) : undefined;
}

function isSameLogical(writer: Logical, reader: Logical): boolean {
  return writer.logicalType === reader.logicalType && writer.scale === reader.scale;
}

function logicalWalk({ logicalType, scale, underlyingType }: Logical, from: string): Walk {
  const size = sizeOf(underlyingType);
  switch (logicalType) {
    case 'decimal':
      return (input, out) => {
        const length = size ?? lengthOf(input);
        const start = input.take(length);
        if (length === 0) input.fail();
        out.quoted(decimalText(input.bytes, start, start + length, scale));
      };
    case 'uuid':
      return (input, out) => out.quoted(uuidText(input.bytes, input.take(16)));
    case 'duration':
      return (input, out) => out.quoted(durationText(input.bytes, input.take(12)));
    default:
      return wholeNumberWalk(WHOLE_NUMBERS[logicalType] ?? String, from === 'int' ? int : long);
  }
}

function wholeNumberWalk(textOf: (value: Whole) => string | undefined, read: (input: Input) => Whole): Walk {
  return (input, out) => {
    const start = input.at;
    out.quoted(textOf(read(input)) ?? input.fail(start));
  };
}

/** By the writer's type, then by the reader's. */
const WALKS: Readonly<Record<string, Readonly<Record<string, Walk>>>> = {
  null: { null: (_, out) => out.ascii('null') },
  boolean: { boolean },
  int: {
    int: (input, out) => out.whole(int(input)),
    long: (input, out) => out.whole(int(input)),
    float: (input, out) => out.float(Math.fround(int(input))),
    double: (input, out) => out.double(int(input)),
  },
  long: {
    long: (input, out) => out.whole(long(input)),
    float: (input, out) => out.float(Math.fround(Number(long(input)))),
    double: (input, out) => out.double(Number(long(input))),
  },
  float: {
    float: (input, out) => out.float(input.float()),
    double: (input, out) => out.double(input.float()),
  },
  double: { double: (input, out) => out.double(input.double()) },
  bytes: { bytes: base64, string: text },
  string: { string: text, bytes: base64 },
  fixed: {},
};

/** Opaque bytes of one size. */
export function fixedWalk(size: number): Walk {
  return (input, out) => {
    const start = input.take(size);
    out.base64(input.bytes, start, start + size);
  };
}

/** Of bytes or text: it comes before them. */
export function lengthOf(input: Input): number {
  const start = input.at;
  const length = input.zigZag();
  return typeof length === 'number' && length >= 0 ? length : input.fail(start);
}

function boolean(input: Input, out: JsonWriter): void {
  const byte = input.byte();
  if (byte > 1) input.fail(input.at - 1);
  out.ascii(byte === 1 ? 'true' : 'false');
}

function text(input: Input, out: JsonWriter): void {
  const length = lengthOf(input);
  const start = input.take(length);
  out.string(input.bytes, start, start + length);
}

function base64(input: Input, out: JsonWriter): void {
  const length = lengthOf(input);
  const start = input.take(length);
  out.base64(input.bytes, start, start + length);
}

function int(input: Input): number {
  const start = input.at;
  const value = Number(input.zigZag());
  return value === (value | 0) ? value : input.fail(start);
}

function long(input: Input): Whole {
  return input.zigZag();
}
