// Kafka for the conformance kit: a broker of its own behind a proxy, with compacted topics and with such that only keep
// records for a while.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Producer } from 'kafkajs';
import { kafka as connector } from '../../../connectors/kafka/kafka.js';
import type { KafkaOptions } from '../../../connectors/kafka/options.js';
import type { ConnectorHarness, TestUpstream, Write } from '../../../connectors/kit/harness.js';
import { freePort } from '../../../src/demo/kafka-process.js';
import { startKafka, type LocalKafka } from '../../../src/demo/local-kafka.js';
import { client, createTopic, uniqueTopic, until, withAdmin } from '../../support/kafka.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import type { TestedConnector } from './tested-connector.js';

interface Broker {
  readonly kafka: LocalKafka;
  readonly proxy: TcpProxy;
  readonly dataDir: string;
}

let broker: Broker;
/** Bytes of one request: brokers take batches of 1 MiB. */
const MAX_REQUEST_BYTES = 500_000;

function harness(cleanup: 'compact' | 'delete'): ConnectorHarness {
  return {
    type: connector,
    traits: { completeState: cleanup === 'compact', resumes: true, repeats: false },
    cannot: { acknowledged: 'nothing is committed to the cluster' },
    misconfigurations: [
      {
        name: 'a topic that does not exist',
        options: (working) => ({ ...(working as KafkaOptions), topics: [misspelt(working)] }),
        says: [/there is no topic conformance-/, 'did you mean conformance-'],
      },
      {
        name: 'an address at which nobody listens',
        options: (working) => ({ ...(working as KafkaOptions), brokers: ['127.0.0.1:1'] }),
        says: ['127.0.0.1:1'],
        error: 'SourceUnavailable',
      },
    ],
    buffersBytes: 4 * 1024 * 1024,
    createUpstream: (partitions) => createUpstream(cleanup, partitions),
  };
}

function misspelt(working: unknown): string {
  const [topic = ''] = (working as KafkaOptions).topics;
  return `${topic}s`;
}

async function createUpstream(cleanup: string, partitions: number): Promise<TestUpstream> {
  const { kafka, proxy } = broker;
  const { brokers } = kafka;
  const topic = uniqueTopic('conformance');
  const create = async () => {
    await createTopic({ topic, partitions, brokers, configs: { 'cleanup.policy': cleanup } });
    // Metadata names a leader before that broker knows of it.
    const isLed = () =>
      withAdmin((admin) => admin.fetchTopicOffsets(topic), brokers).then(
        () => true,
        () => false,
      );
    await until('every partition has its leader', isLed);
  };
  const remove = () => withAdmin((admin) => admin.deleteTopics({ topics: [topic] }), brokers);
  await create();
  // One for each topic: a producer asks for the metadata of all topics that it has ever sent to, and fails when one is gone.
  let producer = await connectedProducer();
  const write = (writes: readonly Write[]) => produce(producer, { topic, partitions, writes });
  const options: KafkaOptions = {
    ...{ brokers: [`127.0.0.1:${proxy.port}`], topics: [topic] },
    ...{ interruptedAfter: '300ms', requestTimeout: '2s' },
  };
  return {
    options,
    write,
    writeBad: () => write([{ key: 'bad', value: 'this is no JSON' }]),
    async loseHistory(state) {
      await remove();
      const isGone = async () => !(await withAdmin((admin) => admin.listTopics(), brokers)).includes(topic);
      await until('the topic is gone', isGone);
      await create();
      await producer.disconnect();
      producer = await connectedProducer();
      await write(state);
    },
    async breakContact() {
      proxy.refuse();
      return async () => proxy.heal();
    },
    async close() {
      await producer.disconnect();
      await remove();
    },
  };
}

interface Writing {
  readonly topic: string;
  readonly partitions: number;
  readonly writes: readonly Write[];
}

/** In order, in requests that the broker takes. */
async function produce(producer: Producer, { topic, partitions, writes }: Writing): Promise<void> {
  let messages: { key: string; value: string | null; partition: number }[] = [];
  let bytes = 0;
  const send = async () => {
    if (messages.length > 0) await producer.send({ topic, messages, acks: -1 });
    messages = [];
    bytes = 0;
  };
  for (const { key, value } of writes) {
    messages.push({ key, value, partition: partitionOf(key, partitions) });
    bytes += value?.length ?? 0;
    if (bytes > MAX_REQUEST_BYTES) await send();
  }
  await send();
}

async function connectedProducer(): Promise<Producer> {
  const producer = client(broker.kafka.brokers).producer({
    allowAutoTopicCreation: false,
    idempotent: true, // what it sends again must not be there twice
    maxInFlightRequests: 1,
  });
  await producer.connect();
  return producer;
}

function partitionOf(key: string, partitions: number): number {
  return [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % partitions;
}

const LEFT_OUT = ['not tried (acknowledged: nothing is committed to the cluster)'];

export const tested: TestedConnector = {
  harnesses: { 'a compacted topic': harness('compact'), 'a topic that forgets': harness('delete') },
  leftOut: {
    'a compacted topic': [...LEFT_OUT, 'not promised by resumes: true, so that it is read again'],
    'a topic that forgets': [
      'not promised by completeState: false',
      'not promised by completeState: false',
      ...LEFT_OUT,
      'not promised by resumes: true, so that it is read again',
    ],
  },
  async open() {
    const dataDir = await mkdtemp(join(tmpdir(), 'tailrace-conformance-kafka-'));
    const [port, proxiedPort] = [await freePort(), await freePort()];
    const proxy = await TcpProxy.listen(proxiedPort);
    const kafka = await startKafka({
      ...{ dataDir, port, extraListeners: [`PROXIED://127.0.0.1:${proxiedPort}`] },
      properties: {
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${proxy.port}`,
      },
    });
    broker = { kafka, proxy, dataDir };
  },
  async close() {
    await broker.proxy.close();
    await broker.kafka.kill('SIGKILL');
    await rm(broker.dataDir, { recursive: true, force: true });
  },
};
