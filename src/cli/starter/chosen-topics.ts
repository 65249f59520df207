// Which topics of a cluster are worth a source: those that were named, or those that hold somebody's data.

import { missingTopicsText } from '../../../connectors/kafka/topics.js';
import type { ClusterMetadata, TopicMetadata } from '../../kafka/metadata.js';

export interface ChosenTopics {
  /** By name. Empty: `note` says why. */
  readonly topics: readonly TopicMetadata[];
  /** A sentence for whoever asked. */
  readonly note?: string;
}

const MOST_TOPICS = 50;
/** Made by what surrounds Kafka: registries, Connect, monitoring. */
const HOUSEKEEPING = /^(_|connect-(configs|offsets|status)$)/;

/** `named`: undefined takes all that this user may see, but for those of Kafka itself and of what surrounds it. */
export function chosenTopics(metadata: ClusterMetadata, named: readonly string[] | undefined): ChosenTopics {
  const existing = [...metadata.topics.values()]
    .filter(({ errorCode, partitions }) => errorCode === 0 && partitions.length > 0)
    .sort(byName);
  if (named !== undefined) {
    const names = existing.map(({ topic }) => topic);
    const missing = named.filter((name) => !names.includes(name));
    if (missing.length > 0) return { topics: [], note: missingTopicsText(missing, names) };
    return { topics: existing.filter(({ topic }) => named.includes(topic)) };
  }
  const own = existing.filter(({ topic, isInternal }) => !isInternal && !HOUSEKEEPING.test(topic));
  if (own.length === 0) return { topics: [], note: 'there is no topic that this user may read' };
  if (own.length <= MOST_TOPICS) return { topics: own };
  return {
    topics: own.slice(0, MOST_TOPICS),
    note: `there are ${own.length} topics: these are the first ${MOST_TOPICS}; --topics a,b takes others`,
  };
}

function byName(a: TopicMetadata, b: TopicMetadata): number {
  return a.topic < b.topic ? -1 : 1;
}
