// A .proto file and what it imports as message types, by protobufjs, which knows the language. Of protobufjs only that is used:
// as it reads, integers beyond 2^53 and bytes need another pass to become JSON, and text that is no UTF-8 is mended in silence.

import protobuf from 'protobufjs';
import { Input } from './input.js';
import { CONFLUENT_DECIMAL } from './protobuf-known-types.js';
import { Messages, type Message } from './protobuf-message.js';
import type { ReferencedSchema, Schema } from './schemas.js';
import { Unreadable } from './unreadable.js';

/** More message types than that within one another is no schema. */
const MOST_LEVELS = 64;

/** Throws an Error that says what is wrong with the schema. */
export function protobufSchema(text: string, references: readonly ReferencedSchema[]): Schema {
  const root = new protobuf.Root();
  for (const name of BUILT_IN) root.addJSON(protobuf.common.get(name)?.nested ?? {});
  if (!references.some(({ name }) => name === 'confluent/type/decimal.proto'))
    protobuf.parse(CONFLUENT_DECIMAL, root, KEEP);
  for (const { name, schema } of references) if (!BUILT_IN.includes(name)) protobuf.parse(schema, root, KEEP);
  protobuf.parse(text, root, KEEP);
  root.resolveAll();
  const messages = new Messages();
  const top = topLevelTypes(text).map((name) => root.lookupType(name));
  const byIndexes = new Map<string, Message>();
  const messageAt = (indexes: readonly number[]): Message | undefined => {
    const key = indexes.join();
    const known = byIndexes.get(key);
    if (known !== undefined) return known;
    const type = typeAt(top, indexes);
    const message = type && messages.of(type);
    if (message !== undefined) byIndexes.set(key, message);
    return message;
  };
  const first = messageAt([0]);
  const input = new Input();
  return {
    format: 'protobuf',
    read(bytes, at, out) {
      input.begin(bytes, at);
      const isFirst = bytes[at] === 0;
      const message = isFirst ? first : messageAt(readIndexes(input));
      if (message === undefined) throw new Unreadable('invalid', at);
      message.write(input, [isFirst ? at + 1 : input.at, bytes.length], out);
      return out.written;
    },
  };
}

/** Field names as the file has them, which is how Confluent’s own tools show records. */
const KEEP = { keepCase: true };

const BUILT_IN = ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers'].map(
  (name) => `google/protobuf/${name}.proto`,
);

/**
 * Which message of the file it is: how many numbers, then its place among the messages at each level; a lone 0 for the first.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
function readIndexes(input: Input): number[] {
  const start = input.at;
  const count = Number(input.zigZag());
  if (count < 0 || count > MOST_LEVELS) input.fail(start);
  return count === 0 ? [0] : Array.from({ length: count }, () => Number(input.zigZag()));
}

function typeAt(top: readonly protobuf.Type[], indexes: readonly number[]): protobuf.Type | undefined {
  let level = top;
  let type: protobuf.Type | undefined;
  for (const index of indexes) {
    type = level[index];
    if (type === undefined) return undefined;
    level = typesIn(type);
  }
  return type;
}

/** Full names of the file's own messages in their order: in a root of its own, as a package may have more files. */
function topLevelTypes(text: string): string[] {
  const parsed = protobuf.parse(text, new protobuf.Root(), KEEP);
  const home = parsed.package === undefined ? parsed.root : parsed.root.lookup(parsed.package);
  return home instanceof protobuf.Namespace ? typesIn(home).map(({ fullName }) => fullName) : [];
}

function typesIn(home: protobuf.NamespaceBase): protobuf.Type[] {
  return home.nestedArray.filter((each) => each instanceof protobuf.Type);
}
