// Topics of the benchmark's broker.

import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';

/** Creates a topic of one partition and returns its name once it has a leader. */
export async function createTopic(brokers: readonly string[], prefix: string): Promise<string> {
  const topic = `${prefix}-${randomBytes(4).toString('hex')}`;
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'bench',
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] });
    return topic;
  } finally {
    await admin.disconnect();
  }
}
