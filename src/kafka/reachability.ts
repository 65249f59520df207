// Whether a reader would get at its topics: each broker that leads one of their partitions is connected to and asked as a fetch asks,
// which alone shows whether a listener that a broker advertises can be reached from here, and whether the user may READ.

import { KafkaRefused, KafkaUnreachable } from './access-error.js';
import { addressText, type Address } from './address.js';
import type { KafkaCluster } from './cluster.js';
import { TOPIC_DENIED } from './error-codes.js';
import { FetchConnection } from './fetch-connection.js';
import { fetchRequest, type FetchTarget } from './fetch-request.js';
import { readFetchResponse, topicIdKey } from './fetch-response.js';
import type { ClusterMetadata, NodeAddress, TopicMetadata } from './metadata.js';

export interface ReachOptions {
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  /** Addresses that are configured: a broker at another one is there by its own word only. */
  readonly bootstrap: readonly string[];
}

/** Beyond the end of every log, so that no broker sends records. */
const NOWHERE = Number.MAX_SAFE_INTEGER;
const MOST_AT_ONCE = 8;

/** Throws KafkaRefused, KafkaUnreachable. Returns to how many brokers there is a way. A partition without a leader is not waited for. */
export async function tryLeaders(
  cluster: KafkaCluster,
  metadata: ClusterMetadata,
  topics: readonly TopicMetadata[],
  options: ReachOptions,
): Promise<number> {
  const leaders = metadata.nodes
    .map((node) => ({ node, targets: topics.flatMap((topic) => targetOf(topic, node)) }))
    .filter(({ targets }) => targets.length > 0);
  const failures: (KafkaRefused | KafkaUnreachable)[] = [];
  const left = [...leaders];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const failure = await tryLeader(cluster, next.node, { targets: next.targets, ...options });
      if (failure !== undefined) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, work));
  const worst = failures.find((each) => each instanceof KafkaRefused) ?? failures[0];
  if (worst !== undefined) throw worst;
  return leaders.length;
}

/** One partition stands for all of its topic that the broker leads. */
function targetOf({ topic, topicId, partitions }: TopicMetadata, { nodeId }: NodeAddress): FetchTarget[] {
  const led = partitions.find(({ leader }) => leader === nodeId);
  return led === undefined
    ? []
    : [{ topic, topicId, partition: led.partition, position: NOWHERE, epoch: -1 }];
}

async function tryLeader(
  cluster: KafkaCluster,
  node: NodeAddress,
  how: ReachOptions & { readonly targets: readonly FetchTarget[] },
): Promise<KafkaRefused | KafkaUnreachable | undefined> {
  let denied: string | undefined;
  try {
    denied = await deniedTopic(cluster, node, how);
  } catch (error) {
    const why = await cluster.explain(node, error);
    const isAdvertised = !how.bootstrap.includes(addressText(node));
    if (why instanceof KafkaRefused || !isAdvertised) return why;
    const known = how.bootstrap.join(', ');
    return new KafkaUnreachable(
      `broker ${node.nodeId} advertises ${addressText(node)}, which is unreachable from here, though ${known} answered and named it: use a listener whose advertised address can be reached from here (advertised.listeners of the broker). ${why.message}`,
      { cause: why },
    );
  }
  if (denied === undefined) return undefined;
  return new KafkaRefused(`topic ${denied}: this user may see it but not read it (needs READ)`);
}

/** A topic that the broker will not let us fetch. */
async function deniedTopic(
  cluster: KafkaCluster,
  node: Address,
  { targets, clientId, requestTimeoutMs }: ReachOptions & { readonly targets: readonly FetchTarget[] },
): Promise<string | undefined> {
  const { socket, version: newest } = await cluster.openFetch(node);
  const version = targets.every(({ topicId }) => topicId !== undefined) ? newest : 11;
  const connection = new FetchConnection(socket, requestTimeoutMs);
  try {
    const limits = { maxWaitMs: 0, maxBytes: 1, maxBytesPerPartition: 1, rack: '' };
    const request = fetchRequest({ version, clientId, ...limits }, targets);
    const frame = await connection.exchange((correlationId) => request.bytes(correlationId));
    const { partitions } = readFetchResponse(frame, 0, version);
    const denied = partitions.find(({ errorCode }) => errorCode === TOPIC_DENIED);
    const isOf = ({ topic, topicId }: FetchTarget): boolean =>
      topic === denied?.topicKey || (topicId !== undefined && topicIdKey(topicId) === denied?.topicKey);
    return denied && (targets.find(isOf)?.topic ?? denied.topicKey);
  } finally {
    connection.close();
  }
}
