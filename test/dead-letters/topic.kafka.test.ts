// Dead letters in a topic of a real broker: key, value and headers as they were, in order, at least once whatever the broker does.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { OptionsRejected } from '../../connectors/contract.js';
import { systemClock } from '../../src/clock.js';
import { identityOf, stubOf, type LetterStub } from '../../src/dead-letters/dead-letter.js';
import { lettersInTopic } from '../../src/dead-letters/letter-topic.js';
import { StoredDeadLetters, StoreOutage } from '../../src/dead-letters/stored.js';
import { LetterTopic } from '../../src/dead-letters/topic.js';
import { freePort } from '../../src/demo/kafka-process.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { kafkaCluster, type ClusterSettings } from '../../src/kafka/cluster.js';
import { openProducer } from '../../src/kafka/producer.js';
import { client, createTopic, testBrokers, uniqueTopic, until, withAdmin } from '../support/kafka.js';
import { letter } from './letters.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** When all were rejected; older records are removed by the broker's retention. */
const NOW = Date.now();

function settings(changes: Partial<ClusterSettings> = {}): ClusterSettings {
  return { brokers: testBrokers(), clientId: 'test', requestTimeoutMs: 5_000, ...changes };
}

const open: LetterTopic[] = [];
function letterTopic(topic: string, how = settings()): LetterTopic {
  const store = new LetterTopic({ topic, producer: openProducer(how) });
  open.push(store);
  return store;
}
afterAll(async () => {
  for (const store of open) await store.close();
});

async function read(topic: string, how = settings()): Promise<LetterStub[]> {
  const found: LetterStub[] = [];
  for await (const each of lettersInTopic(topic, how)) if ('letter' in each) found.push(each.letter);
  return found;
}

/** Stores all of them, as StoredDeadLetters does: a topic that was just made has no leader everywhere. */
async function storeAll(store: LetterTopic, letters: readonly LetterStub[]): Promise<void> {
  let left = letters;
  await until('all are stored', async () => {
    try {
      const stored = new Set(await store.store(left));
      left = left.filter((each) => !stored.has(each));
    } catch (error) {
      if (!(error instanceof StoreOutage)) throw error;
    }
    return left.length === 0;
  });
}

/** Resolves when the probe refuses with that; what is only out of reach just now is no refusal. */
async function refused(store: LetterTopic, message: RegExp): Promise<void> {
  const isRefused = () =>
    store.probe().then(
      () => false,
      (error: unknown) => error instanceof OptionsRejected && message.test(error.message),
    );
  await until(`refused: ${message.source}`, isRefused);
}

test('A13 a stock consumer sees the record as it was, and where it came from, in headers', async () => {
  const topic = await createTopic();
  const headers = [
    { name: 'trace', value: Buffer.from('1') },
    { name: 'trace', value: Buffer.from('2') },
  ];
  await storeAll(letterTopic(topic), [stubOf(letter(7, { headers }), NOW)]);
  const consumer = client().consumer({ groupId: uniqueTopic('group') });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    const seen: kafkajs.KafkaMessage[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(message) });
    await until('the letter', () => seen.length === 1, 20_000);
    expect([seen[0]!.key, seen[0]!.value, seen[0]!.timestamp].map(String)).toEqual([
      'k7',
      '{"n":7',
      String(NOW),
    ]);
    expect(Object.entries(seen[0]!.headers!).map(([name, value]) => [name, String(value)])).toEqual([
      ['tailrace.source', 'quotes'],
      ['tailrace.topic', 'fx.quotes'],
      ['tailrace.partition', '0'],
      ['tailrace.offset', '7'],
      ['tailrace.timestamp', '1700000000007'],
      ['tailrace.rejected-at', String(NOW)],
      ['tailrace.stage', 'decode value'],
      ['tailrace.code', 'syntax'],
      ['tailrace.at', '6'],
      ['tailrace.value-bytes', '6'],
      ['tailrace.truncated', 'false'],
      ['trace', '1,2'],
    ]);
  } finally {
    await consumer.disconnect();
  }
}, 40_000);

test('A13 letters come back as they were: large ones, empty ones, null ones, of a topic called like a built-in', async () => {
  const topic = await createTopic({ topic: 'hasOwnProperty', partitions: 3 });
  const letters = [
    letter(1, { value: Buffer.alloc(60_000, 'v') }),
    letter(2, { key: null, value: null, headers: [{ name: '__proto__', value: null }] }),
    letter(3, { key: Buffer.alloc(0), value: Buffer.alloc(0) }),
    ...Array.from({ length: 300 }, (_, index) => ({ ...letter(10 + index), partition: index % 5 })),
  ].map((each) => stubOf(each, NOW));
  await storeAll(letterTopic(topic), letters);
  const found = await read(topic);
  expect(new Map(found.map((each) => [identityOf(each), each]))).toEqual(
    new Map(letters.map((each) => [identityOf(each), each])),
  );
  const ofPartition = (all: readonly LetterStub[], partition: number) =>
    all.filter((each) => each.partition === partition).map(({ offset }) => offset);
  for (const partition of [0, 1, 2, 3, 4])
    expect(ofPartition(found, partition)).toEqual(ofPartition(letters, partition));
}, 30_000);

test('A16 a topic that takes only small records gets the letter without its value', async () => {
  const topic = await createTopic({ configs: { 'max.message.bytes': '2000' } });
  const value = randomBytes(60_000);
  await storeAll(
    letterTopic(topic),
    [letter(1), letter(2, { value }), letter(3)].map((each) => stubOf(each, NOW)),
  );
  expect(
    (await read(topic)).map((each) => [each.offset, each.value?.length, each.valueBytes, each.isTruncated]),
  ).toEqual([
    [1, 6, 6, false],
    [2, 0, 60_000, true],
    [3, 6, 6, false],
  ]);
});

describe('a broker of its own', () => {
  let kafka: LocalKafka;
  let dataDir: string;
  let secured: ClusterSettings;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tailrace-letters-access-'));
    const listener = `127.0.0.1:${await freePort()}`;
    kafka = await startKafka({
      dataDir,
      extraListeners: [`SASL_PLAINTEXT://${listener}`],
      properties: {
        'listener.security.protocol.map':
          'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.sasl_plaintext.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_erin="right";',
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    const sasl = { mechanism: 'plain', username: 'erin', password: 'right' } as const;
    secured = settings({ brokers: [listener], sasl });
  }, 60_000);
  afterAll(async () => {
    await kafka.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });

  async function allow(topic: string, operation: keyof typeof AclOperationTypes): Promise<void> {
    const entry = {
      ...{ principal: 'User:erin', host: '*', resourceName: topic, resourceType: AclResourceTypes.TOPIC },
      ...{ operation: AclOperationTypes[operation], permissionType: AclPermissionTypes.ALLOW },
      resourcePatternType: ResourcePatternTypes.LITERAL,
    };
    await withAdmin((admin) => admin.createAcls({ acl: [entry] }), kafka.brokers);
  }

  test('A19 the probe finds a topic that may be read and not written, and what comes of it with the right', async () => {
    const { brokers } = kafka;
    const topic = await createTopic({ brokers });
    const store = letterTopic(topic, secured);
    await refused(store, /may not write it \(needs WRITE and DESCRIBE\)/);
    await allow(topic, 'READ');
    await until('the right counts', () =>
      kafkaCluster(secured)
        .metadata([topic])
        .then(({ topics }) => topics.get(topic)?.errorCode === 0),
    );
    await refused(store, /may not write it \(needs WRITE and DESCRIBE\)/);
    await expect(store.store([stubOf(letter(1), NOW)])).rejects.toBeInstanceOf(StoreOutage);
    await allow(topic, 'WRITE');
    const isAllowed = () =>
      store.probe().then(
        () => true,
        () => false,
      );
    await until('the right counts', isAllowed);
    expect(await read(topic, secured)).toEqual([]);
    await storeAll(store, [stubOf(letter(1), NOW)]);
    expect(await read(topic, secured)).toHaveLength(1);
  }, 30_000);

  test('A19 the probe finds no such topic, a compacted one, a wrong password; a broker that is away is none of these', async () => {
    await refused(letterTopic(uniqueTopic()), /^dead letters: there is no topic topic-/);
    const compacted = await createTopic({ configs: { 'cleanup.policy': 'compact' } });
    await refused(letterTopic(compacted), /is compacted.*cleanup.policy=delete/);
    const sasl = { mechanism: 'plain', username: 'erin', password: 'wrong' } as const;
    const wrong = letterTopic('t', { ...secured, sasl }).probe();
    await expect(wrong).rejects.toThrow(OptionsRejected);
    await expect(wrong).rejects.not.toThrow(/wrong/);
    await letterTopic('t', settings({ brokers: ['127.0.0.1:1'] })).probe();
  }, 30_000);

  test('A13 a broker that is killed in between loses no letter, and keeps their order', async () => {
    const lines: string[] = [];
    const log = {
      info: (event: string) => void lines.push(event),
      warn: (event: string) => void lines.push(event),
    };
    const { brokers } = kafka;
    const topic = await createTopic({ brokers, partitions: 2 });
    const store = letterTopic(topic, settings({ brokers, requestTimeoutMs: 1_000 }));
    const sink = new StoredDeadLetters({ store, clock: systemClock, log });
    let stored = 0;
    let written = 0;
    const write = (count: number) => {
      for (let each = 0; each < count; each++, written++)
        void sink.write({ ...letter(written), partition: written % 2 }).then(() => stored++);
    };
    write(100);
    await until('the first are stored', () => stored === 100);
    write(50);
    await kafka.kill('SIGKILL');
    write(50);
    await until('the outage is known', () => sink.outage !== undefined, 20_000);
    const before = stored;
    expect(before).toBeLessThanOrEqual(150);
    await kafka.restart();
    write(50);
    await until('all are stored', () => stored === 250, 30_000);
    expect(lines).toEqual(['dead-letters-waiting', 'dead-letters-stored']);
    const found = await read(topic, settings({ brokers }));
    for (const partition of [0, 1]) {
      const offsets = found
        .filter((each) => each.partition === partition)
        .map(({ offset }) => Number(offset));
      const once = offsets.filter((offset, index) => offsets.indexOf(offset) === index);
      expect(once).toEqual(Array.from({ length: 125 }, (_, index) => 2 * index + partition));
    }
    await sink.close();
  }, 90_000);
});
