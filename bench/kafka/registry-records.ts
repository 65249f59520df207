// Records of the formats that name a schema in a registry: quotes of ten members, as a market feed has them.

import avsc from 'avsc';
import kafkajs from 'kafkajs';
import protobuf from 'protobufjs';
import type { RegistryFormat } from '../../src/decode/decoder.js';
import { framed, register } from '../../test/support/schema-registry.js';

const PER_BATCH = 2_000;
const IN_FLIGHT = 4;

const AVRO = {
  type: 'record',
  name: 'Quote',
  namespace: 'lab',
  fields: [
    ...['symbol', 'venue', 'currency'].map((name) => ({ name, type: 'string' })),
    ...['bid', 'ask', 'last'].map((name) => ({ name, type: 'double' })),
    ...['bidSize', 'askSize'].map((name) => ({ name, type: 'int' })),
    { name: 'sequence', type: 'long' },
    { name: 'isOpen', type: 'boolean' },
  ],
};

const JSON_TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  double: 'number',
  int: 'integer',
  long: 'integer',
  boolean: 'boolean',
};
const JSON_SCHEMA = {
  type: 'object',
  required: AVRO.fields.map(({ name }) => name),
  properties: Object.fromEntries(AVRO.fields.map(({ name, type }) => [name, { type: JSON_TYPES[type] }])),
};

/** One message in the file, and no framing that the stock client would not read: so it takes part. */
const PROTO = `syntax = "proto3"; package lab; message Quote {
  ${AVRO.fields.map(({ name, type }, i) => `${{ int: 'int32', long: 'int64', boolean: 'bool' }[type] ?? type} ${name} = ${i + 1};`).join(' ')} }`;

interface Quote {
  readonly symbol: string;
}

/** Fills the topic with `count` records; all schemas are registered by it. */
export async function fillTopic(o: {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly registry: string;
  readonly format: RegistryFormat;
  readonly count: number;
}): Promise<void> {
  const encode = await encoder(o.format, o.registry, o.topic);
  const kafka = new kafkajs.Kafka({ brokers: [...o.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  let sending: Promise<unknown>[] = [];
  for (let at = 0; at < o.count; at += PER_BATCH) {
    const messages = Array.from({ length: Math.min(PER_BATCH, o.count - at) }, (_, i) => {
      const quote = quoteOf(at + i);
      return { key: quote.symbol, value: encode(quote) };
    });
    sending.push(producer.send({ topic: o.topic, messages }));
    if (sending.length < IN_FLIGHT) continue;
    await Promise.all(sending);
    sending = [];
  }
  await Promise.all(sending);
  await producer.disconnect();
}

async function encoder(
  format: RegistryFormat,
  registry: string,
  topic: string,
): Promise<(quote: Quote) => Buffer> {
  const subject = `${topic}-value`;
  switch (format) {
    case 'avro': {
      const id = await register(registry, subject, { schema: JSON.stringify(AVRO) });
      const type = avsc.Type.forSchema(AVRO as Parameters<typeof avsc.Type.forSchema>[0]);
      return (quote) => framed(id, type.toBuffer(quote));
    }
    case 'json-schema': {
      const id = await register(registry, subject, {
        schema: JSON.stringify(JSON_SCHEMA),
        schemaType: 'JSON',
      });
      return (quote) => framed(id, Buffer.from(JSON.stringify(quote)));
    }
    case 'protobuf': {
      const id = await register(registry, subject, { schema: PROTO, schemaType: 'PROTOBUF' });
      const type = protobuf.parse(PROTO).root.lookupType('lab.Quote');
      return (quote) => framed(id, Buffer.concat([Buffer.of(0), type.encode(type.create(quote)).finish()]));
    }
  }
}

function quoteOf(n: number): Quote & object {
  const bid = 100 + (n % 1_000) / 64;
  return {
    ...{ symbol: `SYM${n % 2_000}`, venue: 'XNAS', currency: 'USD', bid, ask: bid + 0.25, last: bid + 0.125 },
    ...{
      bidSize: 100 + (n % 7),
      askSize: 200 + (n % 11),
      sequence: 1_700_000_000_000 + n,
      isOpen: n % 3 === 0,
    },
  };
}
