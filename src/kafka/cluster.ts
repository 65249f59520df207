// The one file that knows kafkajs 2.2.4, inside and outside: connecting, TLS, SASL and administration are its, fetching is ours
// (fetch-connection.ts). Nothing here keeps a connection open but the sockets that it hands out.

import kafkajs, { type Admin, type KafkaConfig, type SASLOptions } from 'kafkajs';
import Broker from 'kafkajs/src/broker/index.js';
import connectionPoolBuilder from 'kafkajs/src/cluster/connectionPoolBuilder.js';
import loggers from 'kafkajs/src/loggers/index.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import { accessError, KafkaRefused, type KafkaUnreachable } from './access-error.js';
import type { FetchVersion } from './fetch-request.js';
import { METADATA_API, METADATA_VERSION, metadataRequest, readMetadataResponse } from './metadata.js';
import type { ClusterMetadata, TopicMetadata } from './metadata.js';

export interface ClusterSettings {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** true: TLS with the system's authorities. */
  readonly tls?: ConnectionOptions | boolean;
  readonly sasl?: SASLOptions;
  /** Default 3 s. */
  readonly connectTimeoutMs?: number;
  /** For everything but fetching, which has its own. Default 10 s. */
  readonly requestTimeoutMs?: number;
}

/** A connected and authenticated socket with no listeners, and how to fetch over it. */
export interface FetchSocket {
  readonly socket: Socket;
  readonly version: FetchVersion;
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
  openFetch(address: { readonly host: string; readonly port: number }): Promise<FetchSocket>;
  ends(topic: string): Promise<Map<number, PartitionEnds>>;
  /** Per partition the first offset whose record is of `timestampMs` or later, the end where there is none. */
  offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>>;
  /** Whether the topic keeps every key (`cleanup.policy` is `compact` alone). */
  isCompacted(topic: string): Promise<boolean>;
}

/** The parts of kafkajs's inner objects that are used. */
interface InnerConnection {
  readonly socket: Socket;
  readonly requestQueue: { destroy(): void };
}
interface InnerBroker {
  readonly connectionPool: {
    readonly pool: readonly InnerConnection[];
    send<T>(exchange: InnerExchange<T>): Promise<T>;
  };
  readonly versions: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
  >;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  metadata(topics: readonly string[]): Promise<InnerMetadata>;
  listOffsets(request: object): Promise<InnerOffsets>;
}
interface InnerOffsets {
  readonly responses: readonly {
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }[];
}
interface InnerExchange<T> {
  readonly request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<unknown> };
  readonly response: { decode(bytes: Buffer): Promise<T>; parse(value: T): Promise<T> };
}
interface InnerMetadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topicMetadata: readonly {
    readonly topic: string;
    readonly isInternal?: boolean;
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
  }[];
}

const FETCH_API = 1;
const READ_COMMITTED = 1;
const EARLIEST = -2;
const LATEST = -1;
const SOCKET_EVENTS = ['data', 'end', 'error', 'timeout'] as const;

const { Kafka, logLevel, ConfigResourceTypes } = kafkajs;

/** No connection is opened yet. */
export function kafkaCluster(settings: ClusterSettings): KafkaCluster {
  return new InnerKafkajs(settings);
}

/** Invariant: every broker object that it makes is disconnected again, or has given its socket away. */
class InnerKafkajs implements KafkaCluster {
  readonly #settings: ClusterSettings;
  readonly #config: KafkaConfig;
  readonly #logger: unknown = loggers.createLogger({ level: 0, logCreator: () => () => undefined });
  /** Listeners that Node itself put on a socket; all later ones are kafkajs's. */
  readonly #ownListeners = new WeakMap<Socket, ReadonlySet<unknown>>();
  #addresses: readonly { readonly host: string; readonly port: number }[];

  constructor(settings: ClusterSettings) {
    this.#settings = settings;
    this.#addresses = settings.brokers.map(parseAddress);
    this.#config = {
      brokers: [...settings.brokers],
      clientId: settings.clientId,
      connectionTimeout: settings.connectTimeoutMs ?? 3_000,
      requestTimeout: settings.requestTimeoutMs ?? 10_000,
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
      ...(settings.tls !== undefined && { ssl: settings.tls }),
      ...(settings.sasl && { sasl: settings.sasl }),
    };
  }

  async metadata(topics: readonly string[] | undefined): Promise<ClusterMetadata> {
    const bootstrap = this.#settings.brokers.map(parseAddress);
    let failure: KafkaUnreachable | KafkaRefused | undefined;
    for (const address of [...this.#addresses, ...bootstrap]) {
      try {
        const metadata = await this.#withBroker(address, (broker) => askMetadata(broker, topics));
        this.#addresses = metadata.nodes;
        return metadata;
      } catch (error) {
        const found = accessError(error, `Kafka at ${address.host}:${address.port}`);
        if (!(failure instanceof KafkaRefused)) failure = found;
      }
    }
    throw failure ?? new KafkaRefused('no broker is named');
  }

  async openFetch(address: { readonly host: string; readonly port: number }): Promise<FetchSocket> {
    const broker = await this.#connect(address);
    const [connection] = broker.connectionPool.pool;
    const version = fetchVersion(broker);
    if (connection === undefined || version === undefined) {
      await broker.disconnect();
      throw new KafkaRefused(`Kafka at ${address.host}:${address.port} is older than 2.3`);
    }
    connection.requestQueue.destroy();
    const { socket } = connection;
    const own = this.#ownListeners.get(socket);
    for (const event of SOCKET_EVENTS) {
      for (const listener of socket.listeners(event)) {
        if (own?.has(listener) !== true) socket.removeListener(event, listener as () => void);
      }
    }
    return { socket, version };
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
        broker.listOffsets({ isolationLevel: READ_COMMITTED, topics: asked }).catch((error: unknown) => {
          throw accessError(error, `Kafka at ${node.host}:${node.port}, offsets of ${topic}`);
        }),
      );
      for (const each of answer.responses[0]?.partitions ?? []) {
        if (Number(each.offset) >= 0) offsets.set(each.partition, Number(each.offset));
      }
    }
    return offsets;
  }

  async isCompacted(topic: string): Promise<boolean> {
    const { resources } = await this.#withAdmin(`configuration of ${topic}`, (admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy'] }],
      }),
    );
    return (
      resources[0]?.configEntries.some(
        (entry) => entry.configName === 'cleanup.policy' && entry.configValue === 'compact',
      ) ?? false
    );
  }

  async #withAdmin<T>(doing: string, use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Kafka(this.#config).admin();
    try {
      await admin.connect();
      return await use(admin);
    } catch (error) {
      throw accessError(error, `Kafka at ${this.#settings.brokers.join(',')}, ${doing}`);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  async #withBroker<T>(
    address: { readonly host: string; readonly port: number },
    use: (broker: InnerBroker) => Promise<T>,
  ): Promise<T> {
    const broker = await this.#connect(address);
    try {
      return await use(broker);
    } finally {
      void broker.disconnect().catch(() => undefined);
    }
  }

  async #connect(address: { readonly host: string; readonly port: number }): Promise<InnerBroker> {
    const logger = this.#logger;
    const nodeSockets = createSocketFactory();
    const pools = connectionPoolBuilder({
      ...this.#config,
      ssl: this.#config.ssl === false ? undefined : this.#config.ssl,
      logger,
      enforceRequestTimeout: true,
      socketFactory: (options: unknown) => {
        const socket = nodeSockets(options);
        this.#ownListeners.set(socket, new Set(SOCKET_EVENTS.flatMap((event) => socket.listeners(event))));
        return socket;
      },
    });
    const connectionPool = await pools.build({ host: address.host, port: address.port });
    const broker = new (Broker as new (options: unknown) => InnerBroker)({
      ...{ connectionPool, logger, allowAutoTopicCreation: false },
      authenticationTimeout: this.#config.requestTimeout,
    });
    try {
      await broker.connect();
      return broker;
    } catch (error) {
      void broker.disconnect().catch(() => undefined);
      throw accessError(error, `Kafka at ${address.host}:${address.port}`);
    }
  }
}

async function askMetadata(
  broker: InnerBroker,
  topics: readonly string[] | undefined,
): Promise<ClusterMetadata> {
  if (!speaks(broker, METADATA_API, METADATA_VERSION)) return askOldMetadata(broker, topics);
  return broker.connectionPool.send<ClusterMetadata>({
    request: {
      ...{ apiKey: METADATA_API, apiVersion: METADATA_VERSION, apiName: 'Metadata' },
      encode: async () => new Encoder().writeBuffer(metadataRequest(topics)),
    },
    response: { decode: async (bytes) => readMetadataResponse(bytes), parse: async (metadata) => metadata },
  });
}

/** Brokers before 2.8: no topic ids. All topics are asked for, since kafkajs throws when one of those named is unknown. */
async function askOldMetadata(
  broker: InnerBroker,
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
function fetchVersion(broker: InnerBroker): FetchVersion | undefined {
  if (speaks(broker, FETCH_API, 13) && speaks(broker, METADATA_API, METADATA_VERSION)) return 13;
  return speaks(broker, FETCH_API, 11) ? 11 : undefined;
}

function speaks(broker: InnerBroker, api: number, version: number): boolean {
  const range = broker.versions[api];
  return range !== undefined && range.minVersion <= version && version <= range.maxVersion;
}

function parseAddress(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return colon < 0
    ? { host: text, port: 9092 }
    : { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
