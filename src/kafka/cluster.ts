// What a reader and a connector ask of a cluster, at the addresses and with the credentials that hold now. How a connection comes about
// is kafkajs-broker.ts; fetching is done on the sockets that this hands out (fetch-connection.ts).

import type { Mechanism } from 'kafkajs';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import { accessError, isHangUp, isNameMismatch, KafkaRefused, KafkaUnreachable } from './access-error.js';
import { addressText, parseAddress, type Address } from './address.js';
import type { FetchVersion } from './fetch-request.js';
import {
  connectBroker,
  sendOwn,
  speaks,
  takeSocket,
  type BrokerSettings,
  type ConnectedBroker,
} from './kafkajs-broker.js';
import { askListener, mismatchText } from './listener.js';
import { METADATA_API, METADATA_VERSION, metadataRequest, readMetadataResponse } from './metadata.js';
import type { ClusterMetadata, TopicMetadata } from './metadata.js';
import type { TokenAgents } from './oauth-token.js';
import { mechanismName, saslMechanism, type SaslSettings } from './sasl.js';
import { tlsMaterialFault, validityText } from './tls-material.js';

export interface ClusterSettings {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** true: TLS with the system's authorities. */
  readonly tls?: ConnectionOptions | boolean;
  readonly sasl?: SaslSettings;
  /** Default 3 s. */
  readonly connectTimeoutMs?: number;
  /** For everything but fetching, which has its own. Default 10 s. */
  readonly requestTimeoutMs?: number;
}

/** A connected and authenticated socket with no listeners, and how to fetch over it. */
export interface FetchSocket {
  readonly socket: Socket;
  readonly version: FetchVersion;
  /** How long from now on the broker takes requests on it, ms; 0: as long as it is open. */
  readonly sessionMs: number;
}

/** Readable offsets of a partition: from `low`, up to but without `high` (the last stable offset). */
export interface PartitionEnds {
  readonly low: number;
  readonly high: number;
}

/** What the reader and the connector ask of a cluster. All throw KafkaUnreachable or KafkaRefused. */
export interface KafkaCluster {
  /** `topics`: undefined asks for all that this user may see. Unknown ones come back with their error code. */
  metadata(topics: readonly string[] | undefined): Promise<ClusterMetadata>;
  openFetch(address: Address): Promise<FetchSocket>;
  ends(topic: string): Promise<Map<number, PartitionEnds>>;
  /** Per partition the first offset whose record is of `timestampMs` or later, the end where there is none. */
  offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>>;
  /** Whether the topics keep every key (`cleanup.policy` is `compact` alone), all of them. */
  isCompacted(...topics: readonly string[]): Promise<boolean>;
  /** Why a connection to that address failed with `error`: asks what listens there, where the error does not say enough. Never rejects. */
  explain(address: Address, error: unknown): Promise<KafkaUnreachable | KafkaRefused>;
  /** Uses other addresses and credentials, from the next connection on. Those that are open are the caller's. */
  adopt(settings: ClusterSettings): void;
}

const FETCH_API = 1;
const READ_COMMITTED = 1;
const EARLIEST = -2;
const LATEST = -1;
const TOPIC_RESOURCE = 2;
const DEFAULT_CONNECT_TIMEOUT_MS = 3_000;
const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

/** No connection is opened yet. `agents`: for the token endpoint of `oauthbearer`; whatever logs in otherwise needs none. */
export function kafkaCluster(settings: ClusterSettings, agents?: TokenAgents): KafkaCluster {
  return new KafkajsCluster(settings, agents);
}

/** Invariant: every broker that it connects to is disconnected again, or has given its socket away. */
class KafkajsCluster implements KafkaCluster {
  readonly #agents: TokenAgents | undefined;
  #settings: ClusterSettings;
  #sasl: Mechanism | undefined;
  /** Where brokers were when they were last asked; first, those that are configured. */
  #known: readonly Address[] = [];

  constructor(settings: ClusterSettings, agents: TokenAgents | undefined) {
    this.#agents = agents;
    this.#settings = settings;
    this.#sasl = settings.sasl && saslMechanism(settings.sasl, agents);
  }

  adopt(settings: ClusterSettings): void {
    this.#settings = settings;
    this.#sasl = settings.sasl && saslMechanism(settings.sasl, this.#agents);
    this.#known = [];
  }

  async metadata(topics: readonly string[] | undefined): Promise<ClusterMetadata> {
    const failures: (KafkaUnreachable | KafkaRefused)[] = [];
    for (const address of this.#addresses()) {
      try {
        const metadata = await this.#withBroker(address, (broker) => askMetadata(broker, topics));
        this.#known = metadata.nodes;
        return metadata;
      } catch (error) {
        failures.push(await this.explain(address, error));
      }
    }
    throw noBrokerAnswers(failures);
  }

  async openFetch(address: Address): Promise<FetchSocket> {
    const broker = await this.#connect(address).catch((error: unknown) => {
      throw this.#failure(error, placeOf(address));
    });
    const version = fetchVersion(broker);
    const taken = version === undefined ? undefined : takeSocket(broker);
    if (version === undefined || taken === undefined) {
      await broker.disconnect();
      throw new KafkaRefused(`${placeOf(address)} is older than 2.3`);
    }
    return { ...taken, version };
  }

  async ends(topic: string): Promise<Map<number, PartitionEnds>> {
    const lows = await this.#listOffsets(topic, EARLIEST);
    const highs = await this.#listOffsets(topic, LATEST);
    return new Map(
      [...highs].map(([partition, high]) => [partition, { low: lows.get(partition) ?? 0, high }]),
    );
  }

  async offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    const ends = await this.#listOffsets(topic, LATEST);
    const found = await this.#listOffsets(topic, timestampMs);
    return new Map(
      [...ends].map(([partition, end]) => [partition, Math.min(found.get(partition) ?? end, end)]),
    );
  }

  async isCompacted(...topics: readonly string[]): Promise<boolean> {
    if (topics.length === 0) return true;
    const asked = topics.map((name) => ({ type: TOPIC_RESOURCE, name, configNames: ['cleanup.policy'] }));
    const { resources } = await this.#withAnyBroker('configuration of topics', (broker) =>
      broker.describeConfigs({ resources: asked, includeSynonyms: false }),
    );
    return (
      resources.length === topics.length &&
      resources.every(({ configEntries }) =>
        configEntries.some(
          ({ configName, configValue }) => configName === 'cleanup.policy' && configValue === 'compact',
        ),
      )
    );
  }

  async explain(address: Address, error: unknown): Promise<KafkaUnreachable | KafkaRefused> {
    const { tls, sasl, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = this.#settings;
    const place = placeOf(address);
    const isUnclear = isHangUp(error) || isNameMismatch(error);
    const listener = isUnclear ? await askListener(address, tls, connectTimeoutMs) : undefined;
    const ours = { hasTls: tls !== undefined && tls !== false, mechanism: sasl && mechanismName(sasl) };
    const mismatch = listener && mismatchText(listener, ours);
    if (mismatch !== undefined) return new KafkaRefused(`${place}: ${mismatch}`, { cause: error });
    const cause = isNameMismatch(error) && error instanceof KafkaRefused ? error.cause : error;
    return this.#failure(cause, place, listener?.names);
  }

  #failure(error: unknown, doing: string, peerNames?: string): KafkaUnreachable | KafkaRefused {
    const { tls } = this.#settings;
    const given = typeof tls === 'object' ? tls : {};
    const [hasAuthorities, hasCertificate] = [given.ca !== undefined, given.cert !== undefined];
    const validity = validityText(given, Date.now());
    const place = validity === undefined ? doing : `${doing} (${validity})`;
    return accessError(error, place, { hasAuthorities, hasCertificate, peerNames });
  }

  #addresses(): readonly Address[] {
    const all = [...this.#known, ...this.#settings.brokers.map(parseAddress)];
    return [...new Map(all.map((address) => [addressText(address), address])).values()];
  }

  /** Only partitions that have such an offset. Asked of the leaders directly: kafkajs's admin fails on a topic named `constructor`. */
  async #listOffsets(topic: string, timestamp: number): Promise<Map<number, number>> {
    const metadata = await this.metadata([topic]);
    const partitions = metadata.topics.get(topic)?.partitions ?? [];
    const offsets = new Map<number, number>();
    for (const node of metadata.nodes) {
      const led = partitions.filter(({ leader }) => leader === node.nodeId);
      if (led.length === 0) continue;
      const asked = [{ topic, partitions: led.map(({ partition }) => ({ partition, timestamp })) }];
      const answer = await this.#withBroker(node, (broker) =>
        broker.listOffsets({ isolationLevel: READ_COMMITTED, topics: asked }),
      ).catch((error: unknown) => {
        throw this.#failure(error, `${placeOf(node)}, offsets of ${topic}`);
      });
      for (const each of answer.responses[0]?.partitions ?? []) {
        if (Number(each.offset) >= 0) offsets.set(each.partition, Number(each.offset));
      }
    }
    return offsets;
  }

  async #withAnyBroker<T>(doing: string, use: (broker: ConnectedBroker) => Promise<T>): Promise<T> {
    const failures: (KafkaUnreachable | KafkaRefused)[] = [];
    for (const address of this.#addresses()) {
      try {
        return await this.#withBroker(address, use);
      } catch (error) {
        failures.push(this.#failure(error, `${placeOf(address)}, ${doing}`));
      }
    }
    throw noBrokerAnswers(failures);
  }

  async #withBroker<T>(address: Address, use: (broker: ConnectedBroker) => Promise<T>): Promise<T> {
    const broker = await this.#connect(address);
    try {
      return await use(broker);
    } finally {
      void broker.disconnect().catch(() => undefined);
    }
  }

  /** Throws what kafkajs throws. */
  async #connect(address: Address): Promise<ConnectedBroker> {
    const { tls, clientId, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = this.#settings;
    const { requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = this.#settings;
    const fault = typeof tls === 'object' ? tlsMaterialFault(tls) : undefined;
    if (fault !== undefined) throw new KafkaRefused(`${placeOf(address)}: ${fault}`);
    const settings: BrokerSettings = {
      ...{ clientId, connectTimeoutMs, requestTimeoutMs, sasl: this.#sasl },
      ssl: tls === false ? undefined : tls,
    };
    return connectBroker(address, settings);
  }
}

function placeOf(address: Address): string {
  return `Kafka at ${addressText(address)}`;
}

/** One error for all that were tried: a refusal if there is one, since the others may be of brokers that are down. */
function noBrokerAnswers(
  failures: readonly (KafkaUnreachable | KafkaRefused)[],
): KafkaUnreachable | KafkaRefused {
  const [first] = failures;
  if (first === undefined) return new KafkaRefused('no broker is named');
  const refused = failures.find((each) => each instanceof KafkaRefused);
  if (refused !== undefined || failures.length === 1) return refused ?? first;
  const texts = failures.map(({ message }) => message).join('; ');
  return new KafkaUnreachable(`none of ${failures.length} brokers can be reached: ${texts}`, {
    cause: first,
  });
}

async function askMetadata(
  broker: ConnectedBroker,
  topics: readonly string[] | undefined,
): Promise<ClusterMetadata> {
  if (!speaks(broker, METADATA_API, METADATA_VERSION)) return askOldMetadata(broker, topics);
  const names = { apiKey: METADATA_API, apiVersion: METADATA_VERSION, apiName: 'Metadata' };
  return sendOwn(broker, { ...names, body: metadataRequest(topics) }, readMetadataResponse);
}

/** Brokers before 2.8: no topic ids. All topics are asked for, since kafkajs throws when one of those named is unknown. */
async function askOldMetadata(
  broker: ConnectedBroker,
  topics: readonly string[] | undefined,
): Promise<ClusterMetadata> {
  const answer = await broker.metadata([]);
  const found = new Map<string, TopicMetadata>();
  for (const { topic, isInternal = false, partitionMetadata } of answer.topicMetadata) {
    const partitions = partitionMetadata.map(({ partitionId, leader }) => ({
      partition: partitionId,
      leader,
    }));
    found.set(topic, { topic, errorCode: 0, topicId: undefined, isInternal, partitions });
  }
  if (topics === undefined) return { nodes: answer.brokers, topics: found };
  const UNKNOWN_TOPIC = 3;
  const missing = (topic: string): TopicMetadata => ({
    ...{ topic, errorCode: UNKNOWN_TOPIC, topicId: undefined, isInternal: false, partitions: [] },
  });
  return {
    nodes: answer.brokers,
    topics: new Map(topics.map((topic) => [topic, found.get(topic) ?? missing(topic)])),
  };
}

/** Topic ids need both requests: Metadata to learn them, Fetch to use them. */
function fetchVersion(broker: ConnectedBroker): FetchVersion | undefined {
  if (speaks(broker, FETCH_API, 13) && speaks(broker, METADATA_API, METADATA_VERSION)) return 13;
  return speaks(broker, FETCH_API, 11) ? 11 : undefined;
}
