// Whether a topic is still the one that it was: a name says nothing, since a topic can be deleted and made again, and then even
// be longer than the old one.

import type { KafkaCluster } from './cluster.js';
import { UNKNOWN_TOPIC } from './error-codes.js';
import type { ClusterMetadata, TopicMetadata } from './metadata.js';
import { PartitionLost, type PartitionState } from './partition.js';

/** A topic found by pattern counts as deleted when it has been gone for this long. */
const GONE_MS = 10_000;

/**
 * Metadata of `names`, undefined: of all topics; and of those that are `followed`. Topics that a user may not see are left out
 * among all, as if they were deleted: asked for by name, they come back as denied. Throws as KafkaCluster does.
 */
export async function followedMetadata(
  cluster: KafkaCluster,
  names: readonly string[] | undefined,
  followed: Iterable<string>,
): Promise<ClusterMetadata> {
  const metadata = await cluster.metadata(names);
  const missing = [...new Set(followed)].filter((topic) => !metadata.topics.has(topic));
  if (missing.length === 0) return metadata;
  const named = await cluster.metadata(missing);
  return { ...metadata, topics: new Map([...metadata.topics, ...named.topics]) };
}

/** Invariant: `#gone` has the followed topics that the last metadata did not have, and since when. */
export class TopicIdentity {
  readonly #gone = new Map<string, number>();
  readonly #isByPattern: boolean;

  /** `isByPattern`: topics may go without anybody being told; one that is named is waited for. */
  constructor(options: { readonly isByPattern: boolean }) {
    this.#isByPattern = options.isByPattern;
  }

  isGone(topic: string): boolean {
    return this.#gone.has(topic);
  }

  /** Call with all metadata, at monotonic `now`. Throws PartitionLost when a topic is another one than before, or gone for good. */
  compare(
    states: Iterable<PartitionState>,
    topics: ReadonlyMap<string, TopicMetadata>,
    now = performance.now(),
  ): void {
    const wasGone = new Map(this.#gone);
    for (const { topic: name, partition, delivered, topicId } of states) {
      const topic = topics.get(name);
      const lost = { topic: name, partition, position: delivered };
      if (topic === undefined || topic.errorCode === UNKNOWN_TOPIC) {
        const since = wasGone.get(name) ?? now;
        this.#gone.set(name, since);
        if (this.#isByPattern && now - since > GONE_MS)
          throw new PartitionLost({ fault: 'deleted', ...lost });
        continue;
      }
      if (topic.errorCode !== 0) continue;
      // Without topic ids, having been unknown in between is the only sign of a new topic.
      const isOther = topicId === undefined ? wasGone.has(name) : topic.topicId?.equals(topicId) === false;
      if (isOther) throw new PartitionLost({ fault: 're-created', ...lost });
      this.#gone.delete(name);
    }
  }
}
