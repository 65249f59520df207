// Reads the dead letters that a topic holds now, partition by partition in order. Writing them is topic.ts.

import { KafkaRefused, KafkaUnreachable } from '../kafka/access-error.js';
import { kafkaCluster, type ClusterSettings } from '../kafka/cluster.js';
import type { TokenAgents } from '../kafka/oauth-token.js';
import { DEFAULT_READER, KafkaReader, type StartAt } from '../kafka/reader.js';
import type { ReadLetter } from './letter-files.js';
import { letterFromRecord } from './letter-record.js';

/** Ends with what there was when it began. Throws KafkaRefused, KafkaUnreachable, KafkaDataError. */
export async function* lettersInTopic(
  topic: string,
  settings: ClusterSettings,
  agents?: TokenAgents,
): AsyncGenerator<ReadLetter> {
  const cluster = kafkaCluster(settings, agents);
  const found = (await cluster.metadata([topic])).topics.get(topic);
  if (found === undefined || found.errorCode !== 0) {
    throw new KafkaRefused(`there is no topic ${topic}, or this user may not read it`);
  }
  const { topicId } = found;
  const starts: StartAt[] = [];
  for (const [partition, { low, high }] of await cluster.ends(topic))
    if (low < high) starts.push({ topic, partition, topicId, offset: low });
  if (starts.length === 0) return;
  const ending = new AbortController();
  const only = { names: [topic], wants: (each: { readonly topic: string }) => each.topic === topic };
  const reader = new KafkaReader(cluster, only, { ...DEFAULT_READER, clientId: settings.clientId });
  try {
    for await (const event of reader.events(starts, ending.signal)) {
      if (event.type === 'live') return;
      if (event.type === 'interrupted') throw new KafkaUnreachable(event.reason);
      if (event.type !== 'records') continue;
      for (const record of event.records) {
        const letter = letterFromRecord(record);
        yield letter === undefined
          ? { notALetter: `${topic}/${event.partition}@${record.offset}` }
          : { letter };
      }
    }
  } finally {
    ending.abort();
  }
}
