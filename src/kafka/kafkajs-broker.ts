// The one file that knows kafkajs 2.2.4 inside: connecting, TLS, and the requests that are not ours. Nothing here keeps a connection
// open but the sockets that it hands out.

import type { Mechanism } from 'kafkajs';
import Broker from 'kafkajs/src/broker/index.js';
import connectionPoolBuilder from 'kafkajs/src/cluster/connectionPoolBuilder.js';
import loggers from 'kafkajs/src/loggers/index.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import type { Address } from './address.js';

export interface BrokerSettings {
  readonly clientId: string;
  readonly ssl: ConnectionOptions | true | undefined;
  /** The same object for every connection: it keeps tokens. */
  readonly sasl: Mechanism | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** A connected and authenticated broker: the parts of kafkajs's object that are used. */
export interface ConnectedBroker {
  readonly connectionPool: InnerPool;
  readonly versions: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
  >;
  disconnect(): Promise<void>;
  metadata(topics: readonly string[]): Promise<OldMetadata>;
  listOffsets(request: object): Promise<OffsetsAnswer>;
  describeConfigs(request: object): Promise<ConfigsAnswer>;
}

export interface OffsetsAnswer {
  readonly responses: readonly {
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }[];
}

export interface ConfigsAnswer {
  readonly resources: readonly {
    readonly configEntries: readonly { readonly configName: string; readonly configValue: string }[];
  }[];
}

/** Without topic ids. */
export interface OldMetadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topicMetadata: readonly {
    readonly topic: string;
    readonly isInternal?: boolean;
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
  }[];
}

/** A socket with no listeners, ready for requests. */
export interface TakenSocket {
  readonly socket: Socket;
  /** How long after the login the broker will take requests, ms; 0: as long as the connection lasts. */
  readonly sessionMs: number;
}

interface InnerConnection {
  readonly socket: Socket;
  readonly requestQueue: { destroy(): void };
  /** A 64-bit integer of kafkajs's own. */
  readonly sessionLifetime: { toString(): string };
}
interface InnerPool {
  readonly pool: readonly InnerConnection[];
  send<T>(exchange: InnerExchange<T>): Promise<T>;
}
interface InnerBroker extends ConnectedBroker {
  connect(): Promise<void>;
}
interface InnerExchange<T> {
  readonly request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<unknown> };
  readonly response: { decode(bytes: Buffer): Promise<T>; parse(value: T): Promise<T> };
}

const SOCKET_EVENTS = ['data', 'end', 'error', 'timeout'] as const;
const logger = loggers.createLogger({ level: 0, logCreator: () => () => undefined });
/** Listeners that Node itself put on a socket; all later ones are kafkajs's. */
const ownListeners = new WeakMap<Socket, ReadonlySet<unknown>>();

/** Connects and logs in. Throws what kafkajs throws; disconnect it, or take its socket. */
export async function connectBroker(address: Address, settings: BrokerSettings): Promise<ConnectedBroker> {
  const { clientId, ssl, sasl, connectTimeoutMs, requestTimeoutMs } = settings;
  const nodeSockets = createSocketFactory();
  const pools = connectionPoolBuilder({
    ...{ clientId, ssl, sasl, logger, enforceRequestTimeout: true },
    ...{ connectionTimeout: connectTimeoutMs, requestTimeout: requestTimeoutMs },
    // Connections are as short as a few requests. By default those to a broker with short sessions log in again and again.
    reauthenticationThreshold: 0,
    socketFactory: (options: unknown) => {
      const socket = nodeSockets(options);
      ownListeners.set(socket, new Set(SOCKET_EVENTS.flatMap((event) => socket.listeners(event))));
      return socket;
    },
  });
  const connectionPool = await pools.build({ host: address.host, port: address.port });
  const broker = new (Broker as new (options: unknown) => InnerBroker)({
    ...{ connectionPool, logger, allowAutoTopicCreation: false },
    authenticationTimeout: requestTimeoutMs,
  });
  try {
    await broker.connect();
    return broker;
  } catch (error) {
    void broker.disconnect().catch(() => undefined);
    throw error;
  }
}

/** From here on the connection is the caller's; undefined: it has gone. */
export function takeSocket(broker: ConnectedBroker): TakenSocket | undefined {
  const [connection] = broker.connectionPool.pool;
  if (connection === undefined) return undefined;
  connection.requestQueue.destroy();
  const { socket } = connection;
  const own = ownListeners.get(socket);
  for (const event of SOCKET_EVENTS) {
    for (const listener of socket.listeners(event)) {
      if (own?.has(listener) !== true) socket.removeListener(event, listener as () => void);
    }
  }
  return { socket, sessionMs: Number(connection.sessionLifetime.toString()) };
}

/** A request of our own making: `body` follows the header's client id, `read` gets what follows the correlation id. */
export function sendOwn<T>(
  broker: ConnectedBroker,
  request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly body: Buffer;
  },
  read: (bytes: Buffer) => T,
): Promise<T> {
  const { body, ...names } = request;
  return broker.connectionPool.send<T>({
    request: { ...names, encode: async () => new Encoder().writeBuffer(body) },
    response: { decode: async (bytes) => read(bytes), parse: async (value) => value },
  });
}

export function speaks(broker: ConnectedBroker, api: number, version: number): boolean {
  const range = broker.versions[api];
  return range !== undefined && range.minVersion <= version && version <= range.maxVersion;
}
