// Stores records: one request at a time, one partition per request, on all replicas that are in sync. kafkajs's producer is not used:
// a request of several partitions can lose what it acknowledged when one of them moves, and it cannot write a header without a value.
// Without an id of its own (idempotence needs rights that writing does not): a record may be stored twice, never not at all.

import { KafkaRefused, KafkaUnreachable } from './access-error.js';
import { recordBatch, type NewRecord } from './batch-writer.js';
import { BrokerConnection } from './broker-connection.js';
import { kafkaCluster, type ClusterSettings, type KafkaCluster } from './cluster.js';
import { TOPIC_DENIED, UNKNOWN_TOPIC } from './error-codes.js';
import type { NodeAddress, TopicMetadata } from './metadata.js';
import type { TokenAgents } from './oauth-token.js';
import { produceRequest, readProduceAnswer } from './produce-request.js';

/** The broker will not have these records, now or later. */
export class RecordsRefused extends Error {
  override readonly name = 'RecordsRefused';
  readonly why: 'too large' | 'invalid';

  constructor(why: 'too large' | 'invalid', message: string) {
    super(message);
    this.why = why;
  }
}

export interface KafkaProducer {
  /** Whether records could be stored: the topic is there, and this user may write it. Throws KafkaRefused if not, KafkaUnreachable. */
  check(topic: string): Promise<void>;
  /** How many partitions the topic has. Throws as {@link check}. */
  partitions(topic: string): Promise<number>;
  /**
   * Resolves when the records are stored, in their order; of one partition, one call at a time. Throws KafkaUnreachable (they may be
   * stored all the same), KafkaRefused, RecordsRefused.
   */
  send(topic: string, partition: number, records: readonly NewRecord[]): Promise<void>;
  /** Whether records with one key replace each other in the topic. Throws as {@link check}. */
  isCompacted(topic: string): Promise<boolean>;
  /** Ends what is under way with KafkaUnreachable. Idempotent. */
  close(): void;
}

const MESSAGE_TOO_LARGE = 10;
const RECORD_LIST_TOO_LARGE = 18;
const INVALID_RECORD = 87;
const INVALID_TIMESTAMP = 32;
const DEFAULT_TIMEOUT_MS = 10_000;
/** What the network may add to the time that the leader is given. */
const SLACK_MS = 2_000;

/** Contacts nobody yet. `agents` as of a cluster. */
export function openProducer(settings: ClusterSettings, agents?: TokenAgents): KafkaProducer {
  return new OwnProducer(kafkaCluster(settings, agents), settings);
}

/** Invariant: one connection per broker, of which no other is used at the same time. */
class OwnProducer implements KafkaProducer {
  readonly #cluster: KafkaCluster;
  readonly #settings: ClusterSettings;
  readonly #connections = new Map<number, BrokerConnection>();
  /** Forgotten whenever something fails. */
  readonly #topics = new Map<string, KnownTopic>();
  #isClosed = false;

  constructor(cluster: KafkaCluster, settings: ClusterSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
  }

  async check(topic: string): Promise<void> {
    const code = await this.#exchange(topic, 0, Buffer.alloc(0));
    if (code !== 0 && code !== INVALID_RECORD) throw this.#failure(code, topic);
  }

  async partitions(topic: string): Promise<number> {
    return (await this.#known(topic)).metadata.partitions.length;
  }

  async send(topic: string, partition: number, records: readonly NewRecord[]): Promise<void> {
    const code = await this.#exchange(topic, partition, await recordBatch(records));
    if (code !== 0) throw this.#failure(code, topic);
  }

  isCompacted(topic: string): Promise<boolean> {
    return this.#cluster.isCompacted(topic);
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  /** The code that the leader answers. */
  async #exchange(topic: string, partition: number, batch: Buffer): Promise<number> {
    const { metadata, nodes } = await this.#known(topic);
    const leader = metadata.partitions.find((each) => each.partition === partition)?.leader;
    const node = nodes.find(({ nodeId }) => nodeId === leader);
    if (node === undefined) {
      this.#topics.delete(topic);
      throw new KafkaUnreachable(`topic ${topic} partition ${partition} has no leader just now`);
    }
    const settings = { clientId: this.#settings.clientId, timeoutMs: this.#timeoutMs };
    const broker = this.#brokerAt(node);
    try {
      const { connection } = await broker.take();
      return readProduceAnswer(
        await connection.exchange(produceRequest({ topic, partition }, batch, settings)),
      );
    } catch (error) {
      this.#topics.delete(topic);
      this.#connections.delete(node.nodeId);
      broker.close();
      throw await this.#cluster.explain(node, error);
    }
  }

  get #timeoutMs(): number {
    return this.#settings.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  #brokerAt(node: NodeAddress): BrokerConnection {
    const known = this.#connections.get(node.nodeId);
    if (known !== undefined) return known;
    const open = () => this.#cluster.openFetch(node);
    const broker = new BrokerConnection(open, () => this.#timeoutMs + SLACK_MS);
    if (this.#isClosed) broker.close();
    else this.#connections.set(node.nodeId, broker);
    return broker;
  }

  async #known(topic: string): Promise<KnownTopic> {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const { nodes, topics } = await this.#cluster.metadata([topic]);
    const metadata = topics.get(topic);
    if (metadata === undefined) throw this.#failure(UNKNOWN_TOPIC, topic);
    if (metadata.errorCode !== 0) throw this.#failure(metadata.errorCode, topic);
    const found = { metadata, nodes };
    this.#topics.set(topic, found);
    return found;
  }

  #failure(code: number, topic: string): KafkaRefused | KafkaUnreachable | RecordsRefused {
    switch (code) {
      case MESSAGE_TOO_LARGE:
      case RECORD_LIST_TOO_LARGE:
        return new RecordsRefused('too large', `topic ${topic} takes no records of this size`);
      case INVALID_RECORD:
        return new RecordsRefused('invalid', `topic ${topic} does not take such a record`);
      case TOPIC_DENIED:
        this.#topics.delete(topic);
        return new KafkaRefused(`topic ${topic}: this user may not write it (needs WRITE and DESCRIBE)`);
      case UNKNOWN_TOPIC:
        this.#topics.delete(topic);
        return new KafkaRefused(
          `there is no topic ${topic}; create it, or check the name and what this user may see`,
        );
      case INVALID_TIMESTAMP:
        return new KafkaUnreachable(`topic ${topic}: the clock of this machine is ahead of the broker's`);
      default:
        this.#topics.delete(topic);
        return new KafkaUnreachable(`topic ${topic}: the broker answers with error code ${code}`);
    }
  }
}

interface KnownTopic {
  readonly metadata: TopicMetadata;
  readonly nodes: readonly NodeAddress[];
}
