// Avro's binary form, from the bytes to JSON in one walk: per type of the writer's schema a function, made once, that reads a
// value and writes it as the reader's schema has it. Without a reader's schema the writer's is both.
// https://avro.apache.org/docs/1.12.0/specification/#schema-resolution

import avsc from 'avsc';
import { fixedWalk, lengthOf, primitiveWalk } from './avro-primitives.js';
import { bareType, Logical, sizeOf, type AvroType } from './avro-schema.js';
import { Input } from './input.js';
import { JsonWriter } from './json-writer.js';
import type { Schema } from './schemas.js';
import { Unreadable } from './unreadable.js';
import { jsonName, type Walk } from './walk.js';

const { ArrayType, EnumType, MapType, RecordType, WrappedUnionType } = avsc.types;

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Says where one schema cannot be read as another. */
export class NotReadable extends Error {
  override readonly name = 'NotReadable';
}

/** Documents of `writer`, read as `reader`. Throws {@link NotReadable}. */
export function avroSchema(writer: AvroType, reader: AvroType = writer): Schema {
  const walk = compileAvro(writer, reader);
  const input = new Input();
  return {
    format: 'avro',
    read(bytes, at, out) {
      walk(input.begin(bytes, at), out);
      if (input.at < input.end) input.fail();
      return out.written;
    },
  };
}

/** Reads values of `writer` as `reader`. Throws {@link NotReadable}. */
function compileAvro(writer: AvroType, reader: AvroType): Walk {
  return new Resolution().walkOf(writer, reader);
}

/** Invariant: `#walks` has a walk for each pair that was begun, so that schemas which refer to themselves come to an end. */
class Resolution {
  readonly #walks = new Map<AvroType, Map<AvroType, { walk: Walk | undefined }>>();

  walkOf(writer: AvroType, reader: AvroType): Walk {
    const ofWriter = this.#walks.get(writer) ?? new Map<AvroType, { walk: Walk | undefined }>();
    this.#walks.set(writer, ofWriter);
    const begun = ofWriter.get(reader);
    if (begun !== undefined) {
      return begun.walk ?? ((input, out) => begun.walk?.(input, out));
    }
    const place: { walk: Walk | undefined } = { walk: undefined };
    ofWriter.set(reader, place);
    try {
      return (place.walk = this.#resolve(writer, reader));
    } catch (error) {
      ofWriter.delete(reader);
      throw error;
    }
  }

  #resolve(writer: AvroType, reader: AvroType): Walk {
    if (writer instanceof WrappedUnionType) return this.#fromUnion(writer, reader);
    if (reader instanceof WrappedUnionType) return this.#intoUnion(writer, reader);
    if (writer instanceof RecordType && reader instanceof RecordType && isNamedAlike(writer, reader))
      return this.#record(writer, reader);
    if (writer instanceof EnumType && reader instanceof EnumType && isNamedAlike(writer, reader))
      return enumWalk(writer, reader);
    if (writer instanceof ArrayType && reader instanceof ArrayType)
      return arrayWalk(this.walkOf(writer.itemsType, reader.itemsType));
    if (writer instanceof MapType && reader instanceof MapType)
      return mapWalk(this.walkOf(writer.valuesType as AvroType, reader.valuesType as AvroType));
    return leafWalk(writer, reader) ?? fail(`${nameOf(writer)} cannot be read as ${nameOf(reader)}`);
  }

  /** Each branch for itself: one that cannot be read is a fault of the records that have it. */
  #fromUnion(writer: InstanceType<typeof WrappedUnionType>, reader: AvroType): Walk {
    const branches = writer.types.map((branch) => {
      try {
        return this.walkOf(branch, writer === reader ? branch : reader);
      } catch (error) {
        if (error instanceof NotReadable) return unreadable;
        throw error;
      }
    });
    if (branches.every((walk) => walk === unreadable))
      fail(`${nameOf(writer)} cannot be read as ${nameOf(reader)}`);
    return (input, out) => {
      const branch = branches[Number(input.zigZag())] ?? input.fail();
      branch(input, out);
    };
  }

  /** The branch of the same name, else the first that can take the value. */
  #intoUnion(writer: AvroType, reader: InstanceType<typeof WrappedUnionType>): Walk {
    const same = reader.types.filter((branch) => nameOf(branch) === nameOf(writer));
    for (const branch of [...same, ...reader.types]) {
      try {
        return this.walkOf(writer, branch);
      } catch (error) {
        if (!(error instanceof NotReadable)) throw error;
      }
    }
    return fail(`${nameOf(writer)} is in no branch of ${nameOf(reader)}`);
  }

  #record(writer: InstanceType<typeof RecordType>, reader: InstanceType<typeof RecordType>): Walk {
    const missing = new Set(reader.fields);
    const fields: FieldWalk[] = [];
    let kept = 0;
    for (const { name, type } of writer.fields) {
      const target = reader.fields.find((field) => field.name === name || field.aliases.includes(name));
      if (target === undefined) {
        fields.push({ name: undefined, walk: this.walkOf(type, type) });
        continue;
      }
      missing.delete(target);
      fields.push({ name: jsonName(target.name, kept++), walk: this.walkOf(type, target.type) });
    }
    for (const field of missing) {
      if (field.defaultValue() === undefined)
        fail(`${nameOf(writer)} has no field ${field.name}, and there is no default for it`);
      fields.push({ name: jsonName(field.name, kept++), walk: this.#default(field) });
    }
    return recordWalk(fields, kept);
  }

  /** As bytes that this very walk has read: all that a value of the field can be is written alike. */
  #default(field: avsc.types.Field): Walk {
    const walk = this.walkOf(field.type, field.type);
    let json: Buffer | undefined;
    return (_, out) => {
      if (json === undefined) {
        const written = new JsonWriter(UNLIMITED);
        walk(new Input().begin(field.type.toBuffer(field.defaultValue()), 0), written);
        json = Buffer.from(written.written);
      }
      out.raw(json);
    };
  }
}

/** `name`: with the comma and the colon round it; undefined: the reader does not want the field. */
interface FieldWalk {
  readonly name: Buffer | undefined;
  readonly walk: Walk;
}

const UNLIMITED = { maxBytes: Infinity, maxDepth: 512 };

/** What holds no other values. */
function leafWalk(writer: AvroType, reader: AvroType): Walk | undefined {
  const [from, into] = [bareType(writer), bareType(reader)];
  const size = sizeOf(from);
  if (size === undefined) return primitiveWalk(writer, reader);
  if (size !== sizeOf(into) || !isNamedAlike(from, into)) return undefined;
  return reader instanceof Logical ? primitiveWalk(writer, reader) : fixedWalk(size);
}

function recordWalk(fields: readonly FieldWalk[], kept: number): Walk {
  return (input, out) => {
    out.down();
    if (kept === 0) out.byte(OPEN_OBJECT);
    for (let i = 0; i < fields.length; i++) {
      const { name, walk } = fields[i] as FieldWalk;
      const { length } = out;
      if (name !== undefined) out.raw(name);
      walk(input, out);
      if (name === undefined) out.cutTo(length);
    }
    out.byte(CLOSE_OBJECT);
    out.up();
  };
}

function enumWalk(writer: InstanceType<typeof EnumType>, reader: InstanceType<typeof EnumType>): Walk {
  const fallback = (reader as { readonly default?: string }).default;
  const symbols = writer.symbols.map((symbol) => {
    const read = reader.symbols.includes(symbol) ? symbol : fallback;
    return read === undefined ? undefined : Buffer.from(JSON.stringify(read));
  });
  return (input, out) => {
    const index = Number(input.zigZag());
    if (index < 0 || index >= symbols.length) input.fail();
    const symbol = symbols[index];
    if (symbol === undefined) throw new Unreadable('schema-mismatch', input.at);
    out.raw(symbol);
  };
}

function arrayWalk(item: Walk): Walk {
  return (input, out) => {
    out.down();
    out.byte(OPEN_ARRAY);
    let isFirst = true;
    for (let left = blockSize(input); left > 0; left = blockSize(input)) {
      for (; left > 0; left--) {
        if (!isFirst) out.byte(COMMA);
        isFirst = false;
        item(input, out);
      }
    }
    out.byte(CLOSE_ARRAY);
    out.up();
  };
}

function mapWalk(value: Walk): Walk {
  return (input, out) => {
    out.down();
    out.byte(OPEN_OBJECT);
    let isFirst = true;
    for (let left = blockSize(input); left > 0; left = blockSize(input)) {
      for (; left > 0; left--) {
        if (!isFirst) out.byte(COMMA);
        isFirst = false;
        const length = lengthOf(input);
        const start = input.take(length);
        out.string(input.bytes, start, start + length);
        out.byte(COLON);
        value(input, out);
      }
    }
    out.byte(CLOSE_OBJECT);
    out.up();
  };
}

/** Items that follow; a negative count has their size in bytes behind it. 0: the array or map ends. */
function blockSize(input: Input): number {
  const count = Number(input.zigZag());
  if (count >= 0) return count;
  input.zigZag();
  return -count;
}

function unreadable(input: Input): never {
  throw new Unreadable('schema-mismatch', input.at);
}

/** Names without their namespaces, as the specification compares them; a reader may know other names. */
function isNamedAlike(writer: AvroType, reader: AvroType): boolean {
  const names = [reader.name, ...(reader.aliases ?? [])].map(unqualified);
  return names.includes(unqualified(writer.name));
}

function unqualified(name = ''): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function nameOf(type: AvroType): string {
  return bareType(type).name ?? type.typeName;
}

function fail(message: string): never {
  throw new NotReadable(message);
}
