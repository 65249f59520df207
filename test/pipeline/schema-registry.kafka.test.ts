// A8 A15 from a broker and a schema registry to the socket: records of each format, and a registry that fails.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import avsc from 'avsc';
import protobuf from 'protobufjs';

import type { Value } from '../oracle/naive-json.js';
import { createTopic, produce, until } from '../support/kafka.js';
import { RegistryFront, type Failing } from '../support/registry-front.js';
import {
  framed,
  register,
  REGISTRY_START_MS,
  startSchemaRegistry,
  type LocalRegistry,
} from '../support/schema-registry.js';
import { KafkaPipeline, untilHeld } from './kafka-pipeline.js';

let registry: LocalRegistry;
let front: RegistryFront;
let pipeline: KafkaPipeline;

beforeAll(async () => {
  registry = await startSchemaRegistry();
  front = await RegistryFront.listen(registry.url);
}, REGISTRY_START_MS);
afterEach(async () => {
  front.failing = 'no';
  await pipeline.stop();
});
afterAll(async () => {
  await front.close();
  await registry.stop();
});

interface RegistrySource {
  readonly topic: string;
  readonly value: 'avro' | 'json-schema' | 'protobuf';
  readonly key?: string;
  readonly readerSchema?: Readonly<Record<string, string>>;
}

function start({ topic, value, key = 'string', readerSchema }: RegistrySource): Promise<KafkaPipeline> {
  const schemaRegistry = { url: front.url, timeout: '500ms', ...(readerSchema && { readerSchema }) };
  return KafkaPipeline.start({ topics: [topic], source: { format: { key, value }, schemaRegistry } });
}

const quoteSchema = (name: string, fields: readonly unknown[] = []) => ({
  ...{ type: 'record', name, namespace: 'lab' },
  fields: [{ name: 'bid', type: 'double' }, ...fields],
});

async function avroWriter(subject: string, schema: object) {
  const id = await register(registry.url, subject, { schema: JSON.stringify(schema) });
  const type = avsc.Type.forSchema(schema as never);
  return (value: object) => framed(id, type.toBuffer(value));
}

describe('A15 a schema registry that fails', () => {
  test('while it fails in a way that passes, nothing is rejected and known schemas go on; no such schema is a dead letter', async () => {
    const topic = await createTopic();
    const known = await avroWriter('known', quoteSchema('Known'));
    await produce(topic, [{ key: 'a', value: known({ bid: 1 }) }]);
    pipeline = await start({ topic, value: 'avro' });
    const watcher = await pipeline.watch();
    const truth = new Map<string, Value>([['prices/a', { bid: 1 }]]);
    await untilHeld(watcher, truth);

    for (const [n, failing] of (['503', 'silence', 'reset'] as Failing[]).entries()) {
      front.failing = failing;
      await produce(topic, [{ key: `known-${n}`, value: known({ bid: n }) }]);
      truth.set(`prices/known-${n}`, { bid: n });
      await untilHeld(watcher, truth);
      const unknown = await avroWriter(`unknown-${n}`, quoteSchema(`Unknown${n}`));
      await produce(topic, [{ key: `unknown-${n}`, value: unknown({ bid: n }) }]);
      await until('stale', () => watcher.stale.size === truth.size);
      watcher.expect(truth, { areStale: true });
      front.failing = 'no';
      truth.set(`prices/unknown-${n}`, { bid: n });
      await untilHeld(watcher, truth);
      await until('fresh', () => watcher.stale.size === 0);
    }
    expect(await pipeline.letters()).toEqual([]);

    await produce(topic, [
      { key: 'a', value: framed(99_999, Buffer.of(0)) },
      { key: 'b', value: known({ bid: 5 }) },
    ]);
    truth.set('prices/b', { bid: 5 });
    await untilHeld(watcher, truth);
    expect(await pipeline.letters()).toMatchObject([
      { stage: 'decode value', code: 'unknown-schema', at: 1 },
    ]);
    expect(watcher.stale).toEqual(new Set(['prices/a']));
    expect(front.asked.filter((path) => path === '/schemas/ids/99999')).toHaveLength(1);
  }, 60_000);
});

describe('A8 what is no document of the schema', () => {
  test('a null value deletes, no bytes are a dead letter, and a deleted path comes back whole', async () => {
    const topic = await createTopic();
    const quote = await avroWriter('deleted', quoteSchema('Deleted'));
    const maybe = await avroWriter('maybe', ['null', 'int']);
    await produce(
      topic,
      ['a', 'b', 'c'].map((key) => ({ key, value: quote({ bid: 1 }) })),
    );
    pipeline = await start({ topic, value: 'avro' });
    const watcher = await pipeline.watch();
    await produce(topic, [
      { key: 'a', value: null },
      { key: 'b', value: Buffer.alloc(0) },
      { key: 'c', value: maybe(null as never) },
    ]);
    await untilHeld(
      watcher,
      new Map<string, Value>([
        ['prices/b', { bid: 1 }],
        ['prices/c', null],
      ]),
    );
    expect(watcher.stale).toEqual(new Set(['prices/b']));
    expect(await pipeline.letters()).toMatchObject([{ code: 'framing', valueBytes: 0 }]);
    await produce(topic, [{ key: 'a', value: quote({ bid: 2 }) }]);
    await untilHeld(
      watcher,
      new Map<string, Value>([
        ['prices/a', { bid: 2 }],
        ['prices/b', { bid: 1 }],
        ['prices/c', null],
      ]),
    );
  });
});

describe('what producers write arrives', () => {
  test('Avro: keys too, types of another schema, unions, decimals, times, and records of an older schema', async () => {
    const topic = await createTopic();
    const subject = `${topic}-value`;
    const venue = {
      type: 'record',
      name: 'Venue',
      namespace: 'lab',
      fields: [{ name: 'code', type: 'string' }],
    };
    await register(registry.url, 'lab.Venue', { schema: JSON.stringify(venue) });
    const references = [{ name: 'lab.Venue', subject: 'lab.Venue', version: 1 }];
    const fields = [
      { name: 'venue', type: ['null', 'lab.Venue', 'string'] },
      { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 4 } },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ];
    const newer = [
      ...fields,
      { name: 'mid', type: ['null', 'double'], default: null },
      { name: 'unit', type: 'string', default: 'EUR' },
    ];
    const ids: number[] = [];
    for (const each of [fields, newer])
      ids.push(
        await register(registry.url, subject, {
          schema: JSON.stringify(quoteSchema('Quote', each)),
          references,
        }),
      );
    const shared = {};
    avsc.Type.forSchema(venue as never, { registry: shared });
    const type = avsc.Type.forSchema(quoteSchema('Quote', fields) as never, { registry: shared });
    const keyId = await register(registry.url, `${topic}-key`, { schema: '"string"' });
    const amount = Buffer.from([0x01, 0xe2, 0x40]);
    const value = (where: unknown) =>
      framed(ids[0] ?? 0, type.toBuffer({ bid: 1.5, venue: where, amount, at: 0 }));
    const key = (text: string) =>
      framed(keyId, Buffer.concat([Buffer.of(2 * text.length), Buffer.from(text)]));
    await produce(topic, [
      { key: key('a'), value: value({ code: 'XNAS' }) },
      { key: key('b'), value: value('otc') },
    ]);
    pipeline = await start({
      topic,
      key: 'avro',
      value: 'avro',
      readerSchema: { value: `${subject}@latest` },
    });
    const rest = { bid: 1.5, amount: '12.3456', at: '1970-01-01T00:00:00.000Z', mid: null, unit: 'EUR' };
    await untilHeld(
      await pipeline.watch(),
      new Map<string, Value>([
        ['prices/a', { ...rest, venue: { code: 'XNAS' } }],
        ['prices/b', { ...rest, venue: 'otc' }],
      ]),
    );
  });

  test('JSON Schema: what the usual client writes; what its schema refuses is a dead letter', async () => {
    const topic = await createTopic();
    const schema = JSON.stringify({
      type: 'object',
      required: ['bid'],
      properties: { bid: { type: 'number' } },
    });
    const id = await register(registry.url, `${topic}-value`, { schema, schemaType: 'JSON' });
    const client = new SchemaRegistry({ host: registry.url });
    await produce(topic, [
      { key: 'a', value: await client.encode(id, { bid: 1, x: 'é' }) },
      { key: 'b', value: framed(id, Buffer.from('{"bid":"1"}')) },
    ]);
    pipeline = await start({ topic, value: 'json-schema' });
    await untilHeld(await pipeline.watch(), new Map<string, Value>([['prices/a', { bid: 1, x: 'é' }]]));
    expect(await pipeline.letters()).toMatchObject([{ code: 'invalid' }]);
  });

  test('Protobuf: any message of a file that imports others', async () => {
    const topic = await createTopic();
    const venue = 'syntax = "proto3"; package lab; message Venue { string code = 1; }';
    await register(registry.url, 'venue.proto', { schema: venue, schemaType: 'PROTOBUF' });
    const schema = `syntax = "proto3"; package lab; import "venue.proto"; import "google/protobuf/timestamp.proto";
      message Ping { int32 n = 1; } message Quote { double bid = 1; Venue venue = 2; int64 size = 3; google.protobuf.Timestamp at = 4; }`;
    const references = [{ name: 'venue.proto', subject: 'venue.proto', version: 1 }];
    const id = await register(registry.url, `${topic}-value`, { schema, schemaType: 'PROTOBUF', references });
    const root = new protobuf.Root();
    root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {});
    for (const text of [venue, schema]) protobuf.parse(text, root);
    const encode = (name: string, value: object) => root.lookupType(name).encode(value).finish();
    const quote = encode('lab.Quote', { bid: 1.5, venue: { code: 'X' }, size: 2 ** 40, at: { seconds: 1 } });
    await produce(topic, [
      { key: 'a', value: framed(id, Buffer.concat([Buffer.of(2, 2), quote])) },
      { key: 'b', value: framed(id, Buffer.concat([Buffer.of(0), encode('lab.Ping', { n: 7 })])) },
    ]);
    pipeline = await start({ topic, value: 'protobuf' });
    await untilHeld(
      await pipeline.watch(),
      new Map<string, Value>([
        ['prices/a', { bid: 1.5, venue: { code: 'X' }, size: 2 ** 40, at: '1970-01-01T00:00:01Z' }],
        ['prices/b', { n: 7 }],
      ]),
    );
  });
});
