// Messages of Protocol Buffers from their bytes to JSON. Fields come in any order and the last one counts, so there are two passes:
// where they lie, then their values in the order of the schema. Most writers keep that order, so what is simple is written as it
// comes first, and the two passes are for the rest.

import protobuf from 'protobufjs';
import type { Input } from './input.js';
import { jsonText } from './json-text.js';
import type { JsonWriter } from './json-writer.js';
import { KNOWN_TYPES, type KnownType } from './protobuf-known-types.js';
import {
  DELIMITED,
  enumScalar,
  GROUP,
  GROUP_END,
  scalarOf,
  VARINT,
  FIXED32,
  FIXED64,
  type Scalar,
} from './protobuf-scalars.js';

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Groups within groups that nobody asked for. */
const MOST_GROUPS = 64;
/** Numbers of fields that are looked up in an array. */
const SMALL = 64;

/** Where values lie: [start, end) of messages, two numbers each; of scalars the start alone, negative where many are packed. */
type Places = number[];

type Value =
  | { readonly is: 'scalar'; readonly scalar: Scalar }
  /** Asked for when it is needed: types refer to themselves. */
  | { readonly is: 'message'; readonly message: () => Message; readonly wire: number };

interface Field {
  readonly number: number;
  readonly name: Buffer;
  readonly shape: 'one' | 'many' | 'map';
  readonly value: Value;
  /** JSON of an absent value; undefined: it is left out. */
  readonly absent: Buffer | undefined;
  readonly isRequired: boolean;
  /** Slots that this field empties, because only one of them is set. */
  readonly rivals: readonly number[];
  /** Where it is one value that holds no others, and that nothing but itself replaces. */
  readonly simple: Scalar | undefined;
}

/** The message types of one schema, each made once. */
export class Messages {
  readonly #made = new Map<protobuf.Type, Message>();

  of(type: protobuf.Type): Message {
    const known = this.#made.get(type);
    if (known !== undefined) return known;
    const message = new Message(
      type.fieldsArray.map((field) => this.#field(field, type)),
      KNOWN_TYPES[type.fullName],
    );
    this.#made.set(type, message);
    return message;
  }

  #field(field: protobuf.Field, { fieldsArray }: protobuf.Type): Field {
    const isMap = field instanceof protobuf.MapField;
    const shape = isMap ? 'map' : field.repeated ? 'many' : 'one';
    const value = this.#value(field);
    const rivals = field.partOf?.fieldsArray.filter((each) => each !== field) ?? [];
    return {
      number: field.id,
      name: Buffer.concat([jsonText(field.name), Buffer.of(COLON)]),
      shape,
      value: isMap ? { is: 'message', wire: DELIMITED, message: this.#entry(field, value) } : value,
      absent: shape === 'one' && value.is === 'scalar' && !field.hasPresence ? value.scalar.zero : undefined,
      isRequired: field.required,
      rivals: rivals.map((rival) => fieldsArray.indexOf(rival)),
      simple: shape === 'one' && value.is === 'scalar' && rivals.length === 0 ? value.scalar : undefined,
    };
  }

  #value(field: protobuf.Field): Value {
    const { resolvedType } = field;
    if (resolvedType instanceof protobuf.Type)
      return {
        is: 'message',
        message: () => this.of(resolvedType),
        wire: field.delimited ? GROUP : DELIMITED,
      };
    if (resolvedType instanceof protobuf.Enum) return { is: 'scalar', scalar: enumScalar(resolvedType) };
    return { is: 'scalar', scalar: knownScalar(field.type) };
  }

  /** An entry of a map is a message of two fields. */
  #entry(field: protobuf.MapField, value: Value): () => Message {
    const part = (number: number, of: Value): Field => ({
      ...{ number, name: EMPTY, shape: 'one', value: of, isRequired: false, rivals: [], simple: undefined },
      absent: of.is === 'scalar' ? of.scalar.zero : undefined,
    });
    const entry = new Message(
      [part(1, { is: 'scalar', scalar: knownScalar(field.keyType) }), part(2, value)],
      undefined,
    );
    return () => entry;
  }
}

const EMPTY = Buffer.alloc(0);

function knownScalar(type: string): Scalar {
  const scalar = scalarOf(type);
  if (scalar === undefined) throw new Error(`${type} is no type of a value`);
  return scalar;
}

/** What was found of a field: of one scalar its place, of anything else a list. */
type Found = (number | Places | undefined)[];

interface FoundFields {
  /** The first slot that is to be written. */
  readonly from: number;
  readonly found: Found;
}

const NONE: Found = [];

/** An object that is being written: its members begin at `length`. */
interface ObjectPlace {
  readonly length: number;
  readonly input: Input;
  readonly out: JsonWriter;
}

/** Invariant: slot i of what is found belongs to field i. */
export class Message {
  readonly #fields: readonly Field[];
  /** By the number of the field. */
  readonly #slots: ReadonlyMap<number, number>;
  /** The same for numbers below {@link SMALL}, -1 for none: nearly all. */
  readonly #smallSlots: Int32Array;
  readonly #known: KnownType | undefined;

  constructor(fields: readonly Field[], known: KnownType | undefined) {
    this.#fields = fields;
    this.#slots = new Map(fields.map(({ number }, slot) => [number, slot]));
    this.#smallSlots = Int32Array.from({ length: SMALL }, (_, number) => this.#slots.get(number) ?? -1);
    this.#known = known;
  }

  /** `ranges`: start and end of each part of the message; more than one are merged. Throws Unreadable. */
  write(input: Input, ranges: readonly number[], out: JsonWriter): void {
    out.down();
    if (this.#known !== undefined) this.#writeKnown(this.#known, input, this.#find(input, ranges), out);
    else this.#writeObject(input, ranges, out);
    out.up();
  }

  #writeObject(input: Input, ranges: readonly number[], out: JsonWriter): void {
    out.byte(OPEN_OBJECT);
    const place = { length: out.length, input, out };
    const next = ranges.length === 2 ? this.#writeInOrder(ranges, place) : 0;
    if (next === 0 || input.at < input.end) this.#writeRest(next, ranges, place);
    else this.#writeFields({ from: next, found: NONE }, place);
    out.byte(CLOSE_OBJECT);
  }

  /** From slot `next` on; all anew where a field comes now that should have come before. */
  #writeRest(next: number, ranges: readonly number[], place: ObjectPlace): void {
    const { input, out, length } = place;
    const found = this.#find(input, next === 0 ? ranges : [input.at, input.end]);
    if (found.findIndex((places) => places !== undefined) >= next || next === 0) {
      this.#writeFields({ from: next, found }, place);
      return;
    }
    out.cutTo(length);
    this.#writeFields({ from: 0, found: this.#find(input, ranges) }, place);
  }

  /** Values that hold no others, as long as they come in order. Leaves the input before the first field of another kind; returns the slot that is next. */
  #writeInOrder([start, end]: readonly number[], place: ObjectPlace): number {
    const { input, out, length } = place;
    input.begin(input.bytes, start as number, end);
    let next = 0;
    while (input.at < input.end) {
      const at = input.at;
      const tag = input.varint32();
      const slot = this.#slotOf(tag >>> 3);
      const field = this.#fields[slot];
      const scalar = field?.simple;
      if (field === undefined || scalar === undefined || slot < next || scalar.wire !== (tag & 7)) {
        input.at = at;
        return next;
      }
      for (; next < slot; next++) this.#writeField(next, undefined, place);
      if (out.length > length) out.byte(COMMA);
      out.raw(field.name);
      scalar.walk(input, out);
      next = slot + 1;
    }
    return next;
  }

  /** Of a map’s entry: its key as a JSON string, one byte per character. */
  keyOf(input: Input, range: readonly number[], out: JsonWriter): string {
    const [place] = this.#find(input, range);
    const { length } = out;
    this.#writeValue(this.#fields[0] as Field, place, input, out);
    const key = out.written.toString('latin1', length);
    out.cutTo(length);
    return key.startsWith('"') ? key : `"${key}"`;
  }

  /** Of a map’s entry: its value. */
  writeEntry(input: Input, range: readonly number[], out: JsonWriter): void {
    this.#writeValue(this.#fields[1] as Field, this.#find(input, range)[1], input, out);
  }

  #writeFields({ from, found }: FoundFields, place: ObjectPlace): void {
    for (let slot = from; slot < this.#fields.length; slot++) this.#writeField(slot, found[slot], place);
  }

  #writeField(slot: number, places: Found[number], { length, input, out }: ObjectPlace): void {
    const field = this.#fields[slot] as Field;
    if (places === undefined && field.isRequired) input.fail();
    if (places === undefined && field.shape === 'one' && field.absent === undefined) return;
    if (out.length > length) out.byte(COMMA);
    out.raw(field.name);
    this.#writeValue(field, places, input, out);
  }

  #slotOf(number: number): number {
    return number < SMALL ? (this.#smallSlots[number] as number) : (this.#slots.get(number) ?? -1);
  }

  #writeValue({ shape, value, absent }: Field, places: Found[number], input: Input, out: JsonWriter): void {
    if (shape === 'map') writeMap(value, places, input, out);
    else if (shape === 'many') writeMany(value, places, input, out);
    else if (value.is === 'message') value.message().write(input, listOf(places), out);
    else if (places === undefined) out.raw(absent ?? value.scalar.zero);
    else value.scalar.walk(input.begin(input.bytes, places as number), out);
  }

  #writeKnown(known: KnownType, input: Input, found: Found, out: JsonWriter): void {
    switch (known) {
      case 'bare': {
        this.#writeValue(this.#fields[0] as Field, found[0], input, out);
        return;
      }
      case 'any value': {
        const slot = found.findLastIndex((places) => places !== undefined);
        const field = this.#fields[slot];
        if (field === undefined || slot === 0) out.ascii('null');
        else this.#writeValue(field, found[slot], input, out);
        return;
      }
      default: {
        const parts = found.map((places) => (places === undefined ? undefined : (places as number)));
        const text = known.textOf((slot) => {
          const place = parts[slot];
          return place === undefined ? undefined : input.begin(input.bytes, place);
        });
        if (text === undefined) input.fail();
        out.quoted(text);
      }
    }
  }

  /** Where the fields lie. Leaves the input anywhere. */
  #find(input: Input, ranges: readonly number[]): Found {
    const { bytes } = input;
    const found: Found = new Array<undefined>(this.#fields.length).fill(undefined);
    for (let i = 0; i < ranges.length; i += 2) {
      input.begin(bytes, ranges[i] as number, ranges[i + 1]);
      while (input.at < input.end) this.#findNext(input, found);
    }
    return found;
  }

  #findNext(input: Input, found: Found): void {
    const tag = input.varint32();
    const wire = tag & 7;
    const slot = this.#slotOf(tag >>> 3);
    const field = this.#fields[slot];
    const place = input.at;
    const from = wire === DELIMITED ? input.take(input.length()) : place;
    const end = wire === DELIMITED ? input.at : skip(input, tag, 0);
    const isPacked = field !== undefined && wire === DELIMITED && isPackable(field);
    if (field === undefined || (!isPacked && wireOf(field.value) !== wire)) return;
    for (const rival of field.rivals) found[rival] = undefined;
    if (field.value.is === 'scalar' && field.shape === 'one') {
      found[slot] = place;
      return;
    }
    const places = (found[slot] ??= []) as Places;
    if (field.value.is === 'message') places.push(from, end);
    else places.push(isPacked ? -place : place);
  }
}

function wireOf(value: Value): number {
  return value.is === 'message' ? value.wire : value.scalar.wire;
}

function isPackable({ shape, value }: Field): boolean {
  return shape === 'many' && value.is === 'scalar' && value.scalar.wire !== DELIMITED;
}

/** Past the value of a tag. Returns where the value ends: of a group, before the tag that ends it. */
function skip(input: Input, tag: number, level: number): number {
  if (tag < 8) input.fail();
  switch (tag & 7) {
    case VARINT:
      while (input.byte() >= 0x80);
      return input.at;
    case FIXED64:
      input.take(8);
      return input.at;
    case DELIMITED:
      input.take(input.length());
      return input.at;
    case FIXED32:
      input.take(4);
      return input.at;
    case GROUP:
      return skipGroup(input, tag, level + 1);
    default:
      return input.fail();
  }
}

function skipGroup(input: Input, tag: number, level: number): number {
  if (level > MOST_GROUPS) input.fail();
  for (;;) {
    const end = input.at;
    const next = input.varint32();
    if (next === tag - GROUP + GROUP_END) return end;
    skip(input, next, level);
  }
}

function writeMany(value: Value, places: Found[number], input: Input, out: JsonWriter): void {
  const list = listOf(places);
  out.down();
  out.byte(OPEN_ARRAY);
  const { length } = out;
  const comma = (): void => {
    if (out.length > length) out.byte(COMMA);
  };
  if (value.is === 'message') {
    for (let i = 0; i < list.length; i += 2) {
      comma();
      value.message().write(input, list.slice(i, i + 2), out);
    }
  } else {
    for (const place of list) {
      input.begin(input.bytes, Math.abs(place));
      const end = place < 0 ? input.length() + input.at : input.at + 1;
      while (input.at < end) {
        comma();
        value.scalar.walk(input, out);
      }
      if (place < 0 && input.at > end) input.fail();
    }
  }
  out.byte(CLOSE_ARRAY);
  out.up();
}

/** Of entries with one key the last counts. */
function writeMap(entry: Value, places: Found[number], input: Input, out: JsonWriter): void {
  const list = listOf(places);
  if (entry.is !== 'message') throw new Error('entries of a map are messages');
  const entries = new Map<string, number>();
  const message = entry.message();
  for (let i = 0; i < list.length; i += 2) entries.set(message.keyOf(input, list.slice(i, i + 2), out), i);
  out.down();
  out.byte(OPEN_OBJECT);
  const { length } = out;
  for (const [key, i] of entries) {
    if (out.length > length) out.byte(COMMA);
    out.ascii(key);
    out.byte(COLON);
    message.writeEntry(input, list.slice(i, i + 2), out);
  }
  out.byte(CLOSE_OBJECT);
  out.up();
}

function listOf(places: Found[number]): Places {
  return places === undefined || typeof places === 'number' ? [] : places;
}
