// A19: a broker that asks who reads, on one listener by name and password: what is wrong is said so that it can be mended.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { OptionsRejected } from '../../connectors/contract.js';
import type { KafkaOptions } from '../../connectors/kafka/options.js';
import { freePort } from '../../src/demo/kafka-process.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { createTopic, produce, until, withAdmin } from '../support/kafka.js';
import { collect, kafkaSource } from './collector.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

let kafka: LocalKafka;
let dataDir: string;
let secured: string[];
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tailrace-access-kafka-'));
  secured = [`127.0.0.1:${await freePort()}`];
  kafka = await startKafka({
    dataDir,
    extraListeners: [`SASL_PLAINTEXT://${secured[0]}`],
    properties: {
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.sasl_plaintext.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required user_erin="right";',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'allow.everyone.if.no.acl.found': 'true',
    },
  });
}, 60_000);
afterAll(async () => {
  await kafka.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

type Sasl = NonNullable<KafkaOptions['sasl']>;

function erin(topic: string, sasl: Partial<Sasl> = {}): ReturnType<typeof kafkaSource> {
  const login: Sasl = { mechanism: 'plain', username: 'erin', password: 'right', ...sasl };
  return kafkaSource({ topics: [topic], brokers: secured, sasl: login });
}

test('A19 the right password reads; a wrong one, an unknown user and a mechanism that is not offered are rejected by name', async () => {
  const { brokers } = kafka;
  const topic = await createTopic({ brokers });
  await produce(topic, [{ key: 'k', value: '1' }], brokers);
  const source = erin(topic);
  await source.probe(AbortSignal.timeout(10_000));
  const seen = collect(source);
  await seen.live();
  expect(seen.values).toEqual(['k=1']);
  await seen.stop();

  for (const [sasl, sentence] of [
    [{ password: 'wrong' }, 'does not accept this user name and password'],
    [{ username: 'nobody' }, 'does not accept this user name and password'],
    [{ mechanism: 'scram-sha-256' }, 'does not offer this SASL mechanism'],
  ] as const) {
    const probe = erin(topic, sasl).probe(AbortSignal.timeout(10_000));
    await expect(probe).rejects.toThrow(OptionsRejected);
    await expect(probe).rejects.toThrow(sentence);
    await expect(probe).rejects.not.toThrow(/wrong|right/);
  }
  const onPlainPort = kafkaSource({
    ...{ topics: [topic], brokers, sasl: { mechanism: 'plain', username: 'erin', password: 'right' } },
  });
  await expect(onPlainPort.probe(AbortSignal.timeout(10_000))).rejects.toThrow('does not take SASL');
}, 60_000);

test('A19 a right that is taken away interrupts with the topic, others read on, and given back it resumes', async () => {
  const { brokers } = kafka;
  const [denied, other] = [await createTopic({ brokers }), await createTopic({ brokers })];
  const [seen, beside] = [collect(erin(denied)), collect(erin(other))];
  await Promise.all([seen.live(), beside.live()]);
  const rule = {
    ...{ resourceType: AclResourceTypes.TOPIC, resourceName: denied },
    ...{ resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:erin', host: '*' },
    ...{ operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.DENY },
  };
  await withAdmin((admin) => admin.createAcls({ acl: [rule] }), brokers);
  await until('interrupted', () => seen.told().includes('interrupted'));
  expect(seen.events.at(-1)).toMatchObject({
    reason: expect.stringMatching(`topic ${denied}.*not allowed to read it`),
  });
  await expect(erin(denied).probe(AbortSignal.timeout(10_000))).rejects.toThrow(OptionsRejected);
  for (const topic of [denied, other]) await produce(topic, [{ key: 'k', value: '1' }], brokers);
  await until('the other topic', () => beside.values.includes('k=1'));
  await withAdmin((admin) => admin.deleteAcls({ filters: [rule] }), brokers);
  await seen.live(2);
  await until('the record', () => seen.values.length > 0);
  expect([seen.values, beside.told()]).toEqual([['k=1'], ['live']]);
  await Promise.all([seen.stop(), beside.stop()]);
}, 60_000);
