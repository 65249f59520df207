// Topics of the benchmark's broker.

import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';

/** Creates a topic of one partition and returns its name once it has a leader. `configs`: as `{ 'compression.type': 'zstd' }`. */
export async function createTopic(
  brokers: readonly string[],
  prefix: string,
  configs: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = `${prefix}-${randomBytes(4).toString('hex')}`;
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'bench',
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, configEntries }] });
    return topic;
  } finally {
    await admin.disconnect();
  }
}
