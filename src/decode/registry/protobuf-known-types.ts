// Message types that stand for something simpler, written as the JSON mapping of Protocol Buffers has them; and Confluent's
// decimal. https://protobuf.dev/programming-guides/json/

import { decimalText } from './decimal.js';
import { narrow, type Input } from './input.js';
import { isoTime } from './iso-time.js';

/** The value of a field by its place in the message; undefined: it is absent, so it is 0. */
type Part = (slot: number) => Input | undefined;

/**
 * `bare`: its one field stands for it. `any value`: whichever of its fields is set does, the first being null.
 * Otherwise text of its fields; undefined: they hold none that makes sense.
 */
export type KnownType = 'bare' | 'any value' | { readonly textOf: (part: Part) => string | undefined };

const WRAPPERS = ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'];
const NANOS = 1_000_000_000;

/** By full name. */
export const KNOWN_TYPES: Readonly<Record<string, KnownType | undefined>> = {
  ...Object.fromEntries(WRAPPERS.map((name) => [`.google.protobuf.${name}Value`, 'bare'])),
  '.google.protobuf.Struct': 'bare',
  '.google.protobuf.ListValue': 'bare',
  '.google.protobuf.Value': 'any value',
  '.google.protobuf.Timestamp': {
    textOf: (part) => {
      const nanos = wholeOf(part(1));
      if (nanos < 0 || nanos >= NANOS) return undefined;
      const time = isoTime(wholeOf(part(0)));
      return time && `${time}${fraction(nanos)}Z`;
    },
  },
  '.google.protobuf.Duration': {
    textOf: (part) => {
      const [seconds, nanos] = [wholeOf(part(0)), wholeOf(part(1))];
      if (Math.abs(nanos) >= NANOS || seconds * nanos < 0) return undefined;
      return `${seconds < 0 || nanos < 0 ? '-' : ''}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
    },
  },
  '.confluent.type.Decimal': {
    textOf: (part) => {
      const value = part(0);
      const length = value?.length() ?? 0;
      const start = value?.take(length) ?? 0;
      const scale = wholeOf(part(2));
      if (value === undefined || length === 0 || Math.abs(scale) > MOST_DIGITS) return undefined;
      return decimalText(value.bytes, start, start + length, scale);
    },
  },
};

/** What the file `confluent/type/decimal.proto` says; producers do not register it. */
export const CONFLUENT_DECIMAL =
  'syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }';

/** A scale beyond it is an attack: it would be written out in zeros. */
const MOST_DIGITS = 1000;

function wholeOf(input: Input | undefined): number {
  if (input === undefined) return 0;
  const value = input.varint();
  return Number(typeof value === 'number' ? value : narrow(BigInt.asIntN(64, value)));
}

/** With 3, 6 or 9 digits, or nothing. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = nanos % 1_000_000 === 0 ? 3 : nanos % 1000 === 0 ? 6 : 9;
  return `.${String(nanos).padStart(9, '0').slice(0, digits)}`;
}
