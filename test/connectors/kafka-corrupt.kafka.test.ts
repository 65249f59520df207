// A17: what lies on the broker's disk is damaged, or of a codec that nobody has. The broker sends it as it is; the source halts
// with the place, and what came before it is used.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { OptionsRejected } from '../../connectors/contract.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { signBatch } from '../kafka/fixture.js';
import { createTopic, produce, until } from '../support/kafka.js';
import { collect, kafkaSource } from './collector.js';

let kafka: LocalKafka;
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tailrace-corrupt-kafka-'));
  kafka = await startKafka({ dataDir });
}, 60_000);
afterAll(async () => {
  await kafka.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

/** A topic of three batches of one record each; `damage` changes the second one on the disk. */
async function damagedTopic(damage: (batch: Buffer) => void): Promise<string> {
  const { brokers } = kafka;
  const topic = await createTopic({ brokers, partitions: 2 });
  for (const key of ['a', 'b', 'c']) await produce(topic, [{ key, value: '1', partition: 0 }], brokers);
  await produce(topic, [{ key: 'beside', value: '1', partition: 1 }], brokers);
  const file = await open(join(dataDir, 'log', `${topic}-0`, `${'0'.repeat(20)}.log`), 'r+');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, 0);
    const at = 12 + bytes.readInt32BE(8);
    const batch = bytes.subarray(at, at + 12 + bytes.readInt32BE(at + 8));
    damage(batch);
    await file.write(batch, 0, batch.length, at);
  } finally {
    await file.close();
  }
  return topic;
}

test.each([
  [
    'a checksum that does not fit',
    (batch: Buffer) => void batch.writeUInt8(batch.readUInt8(batch.length - 2) ^ 0xff, batch.length - 2),
    'a record batch is corrupt (checksum)',
  ],
  [
    'a codec that nobody has',
    (batch: Buffer) => {
      batch.writeInt16BE(batch.readInt16BE(21) | 5, 21);
      signBatch(batch, 0);
    },
    'a record batch is compressed with an unknown codec (codec number 5)',
  ],
  [
    'lengths that contradict each other',
    (batch: Buffer) => {
      batch.writeInt32BE(1_000_000, 57);
      signBatch(batch, 0);
    },
    'a record batch contradicts itself',
  ],
])(
  'A17 %s halts the source with topic, partition and offset; what came before is used, and nothing loops',
  async (_, damage, what) => {
    const topic = await damagedTopic(damage);
    const seen = collect(kafkaSource({ topics: [topic], brokers: kafka.brokers }));
    await until('the error', () => seen.error() !== undefined);
    expect(seen.error()).toBeInstanceOf(OptionsRejected);
    const message = String(seen.error());
    expect(message).toContain(what);
    expect(message).toContain(`topic ${topic} partition 0 at offset 1`);
    expect(seen.values.filter((each) => each !== 'beside=1')).toEqual(['a=1']);
    expect(Number.parseInt(seen.positions.get(`${topic}/0`) ?? '', 10)).toBe(1);
  },
);
