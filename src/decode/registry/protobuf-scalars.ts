// Values of Protocol Buffers that hold no others.
// https://protobuf.dev/programming-guides/encoding/

import type protobuf from 'protobufjs';
import { jsonText } from './json-text.js';
import { narrow, type Input, type Whole } from './input.js';
import type { Walk } from './walk.js';

/** How a field's value is laid out; what does not have the layout of its field is skipped like an unknown field. */
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
export const GROUP = 3;
export const GROUP_END = 4;
export const FIXED32 = 5;

export interface Scalar {
  readonly wire: number;
  readonly walk: Walk;
  /** JSON of what an absent value stands for, unless the field says otherwise. */
  readonly zero: Buffer;
}

/** undefined: a message or an enumeration. */
export function scalarOf(type: string): Scalar | undefined {
  return Object.hasOwn(SCALARS, type) ? SCALARS[type] : undefined;
}

/** A name, or the number of one that the schema does not have. */
export function enumScalar({ valuesById, values }: protobuf.Enum): Scalar {
  const names = new Map(Object.entries(valuesById).map(([id, name]) => [Number(id), jsonText(name)]));
  const first = Object.values(values)[0] ?? 0;
  return {
    wire: VARINT,
    walk: (input, out) => {
      const value = int32(input);
      const name = names.get(value);
      if (name === undefined) out.whole(value);
      else out.raw(name);
    },
    zero: names.get(first) ?? jsonText(0),
  };
}

const ZERO = jsonText(0);

const SCALARS: Readonly<Record<string, Scalar>> = {
  int32: whole(VARINT, int32),
  uint32: whole(VARINT, (input) => input.varint32()),
  sint32: whole(VARINT, sint32),
  fixed32: whole(FIXED32, (input) => input.fixed32()),
  sfixed32: whole(FIXED32, (input) => input.fixed32() | 0),
  int64: whole(VARINT, (input) => signed(input.varint())),
  uint64: whole(VARINT, (input) => input.varint()),
  sint64: whole(VARINT, (input) => input.zigZag()),
  fixed64: whole(FIXED64, (input) => narrow(input.fixed64())),
  sfixed64: whole(FIXED64, (input) => narrow(BigInt.asIntN(64, input.fixed64()))),
  float: { wire: FIXED32, walk: (input, out) => out.float(input.float()), zero: ZERO },
  double: { wire: FIXED64, walk: (input, out) => out.double(input.double()), zero: ZERO },
  bool: {
    wire: VARINT,
    walk: (input, out) => out.ascii(input.varint() === 0 ? 'false' : 'true'),
    zero: jsonText(false),
  },
  string: {
    wire: DELIMITED,
    walk: (input, out) => {
      const length = input.length();
      const start = input.take(length);
      out.string(input.bytes, start, start + length);
    },
    zero: jsonText(''),
  },
  bytes: {
    wire: DELIMITED,
    walk: (input, out) => {
      const length = input.length();
      const start = input.take(length);
      out.base64(input.bytes, start, start + length);
    },
    zero: jsonText(''),
  },
};

function whole(wire: number, read: (input: Input) => Whole): Scalar {
  return { wire, walk: (input, out) => out.whole(read(input)), zero: ZERO };
}

function int32(input: Input): number {
  return input.varint32() | 0;
}

function sint32(input: Input): number {
  const value = input.varint32();
  return (value >>> 1) ^ -(value & 1);
}

function signed(value: Whole): Whole {
  return typeof value === 'number' ? value : narrow(BigInt.asIntN(64, value));
}
