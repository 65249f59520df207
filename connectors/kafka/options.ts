// The options of a Kafka source: their schema, which is also their documentation, and their meaning resolved once.

import type { ClusterSettings } from '../../src/kafka/cluster.js';
import { OptionsRejected } from '../contract.js';

/** As written in the configuration, defaults filled in. */
export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  readonly start?: string;
  readonly clientId?: string;
  readonly tls?: boolean | TlsOptions;
  readonly sasl?: SaslOptions;
  readonly fetchWindow?: string;
  readonly maxBytesPerPartition?: number;
  readonly clientRack?: string;
  readonly interruptedAfter?: string;
  readonly requestTimeout?: string;
}

interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** Where a partition without a position is read from. */
export type Start =
  | { readonly from: 'earliest' | 'latest' }
  /** The first record of that time or later. A duration is turned into a time whenever reading begins. */
  | { readonly from: 'time'; readonly timestampMs: number }
  | { readonly from: 'ago'; readonly durationMs: number };

const DURATION = '^[0-9]+(ms|s|m|h|d)$';
/** No more than Date.parse takes, so that what the schema accepts can be read. */
const DATE = '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])';
const HOUR_MINUTE = '([01][0-9]|2[0-3]):[0-5][0-9]';
const TIME = `${HOUR_MINUTE}(:[0-5][0-9](\\.[0-9]{1,9})?)?`;

/** JSON Schema 2020-12. */
export const KAFKA_OPTIONS = {
  description:
    'Topics of a Kafka cluster (2.1 or later), read without a consumer group: nothing is committed, and every start reads anew.',
  type: 'object',
  additionalProperties: false,
  required: ['brokers', 'topics'],
  properties: {
    brokers: {
      description: 'Addresses `host:port` of some brokers of the cluster; the others are found through them.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^[^\\s,/]+:[0-9]{1,5}$' },
    },
    topics: {
      description:
        'Topics to read. `*` stands for any run of characters, also none; topics that match later are found within half a minute. Internal topics match only by their full name.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^[A-Za-z0-9._*-]{1,249}$' },
    },
    start: {
      description:
        'Where to begin without a stored position: `earliest`, `latest`, a duration back from now (`15m`), or a time (`2026-01-31T08:00:00Z`).',
      type: 'string',
      default: 'earliest',
      pattern: `^earliest$|^latest$|${DURATION}|^${DATE}(T${TIME}(Z|[+-]${HOUR_MINUTE}))?$`,
    },
    clientId: {
      description: 'Name under which brokers log and limit this client.',
      type: 'string',
      minLength: 1,
      default: 'tailrace',
    },
    tls: {
      description:
        'true: TLS with the authorities that the system trusts; an object: PEM texts and the name to expect.',
      default: false,
      oneOf: [
        { type: 'boolean' },
        {
          type: 'object',
          additionalProperties: false,
          properties: {
            ca: { description: 'Authorities to trust, PEM. Default: those of the system.', type: 'string' },
            cert: { description: 'Client certificate, PEM.', type: 'string' },
            key: {
              description: 'Private key of the client certificate, PEM.',
              type: 'string',
              writeOnly: true,
            },
            servername: {
              description: 'Name that the certificate must be for. Default: the host.',
              type: 'string',
            },
          },
        },
      ],
    },
    sasl: {
      description: 'How to log in. Absent: not at all.',
      type: 'object',
      additionalProperties: false,
      required: ['mechanism', 'username', 'password'],
      properties: {
        mechanism: {
          description: 'What the listener offers.',
          enum: ['plain', 'scram-sha-256', 'scram-sha-512'],
        },
        username: { description: 'User name.', type: 'string', minLength: 1 },
        password: { description: 'Password.', type: 'string', minLength: 1, writeOnly: true },
      },
    },
    fetchWindow: {
      description:
        'Pause between two fetches from a broker when the first brought records: more saves CPU at low rates, 0ms has the lowest latency.',
      type: 'string',
      pattern: DURATION,
      default: '10ms',
    },
    maxBytesPerPartition: {
      description:
        'Most bytes that one fetch brings of a partition (a single larger batch still comes whole).',
      type: 'integer',
      minimum: 1024,
      maximum: 67108864,
      default: 262144,
    },
    clientRack: {
      description: 'Rack or zone of this client, for brokers that let it read from the nearest replica.',
      type: 'string',
      default: '',
    },
    interruptedAfter: {
      description: 'How long contact must be lost before paths turn stale; leader elections are shorter.',
      type: 'string',
      pattern: DURATION,
      default: '2s',
    },
    requestTimeout: {
      description:
        'How long a broker may take to answer before the connection is given up and another one opened.',
      type: 'string',
      pattern: '^[1-9][0-9]*(s|m)$',
      default: '10s',
    },
  },
} as const;

export function clusterSettings(options: KafkaOptions): ClusterSettings {
  const { brokers, clientId = 'tailrace', tls = false, sasl, requestTimeout = '10s' } = options;
  return {
    ...{ brokers, clientId, requestTimeoutMs: parseDuration(requestTimeout) ?? 10_000 },
    ...(tls !== false && { tls }),
    ...(sasl && { sasl: { ...sasl } }),
  };
}

/** Throws OptionsRejected. */
export function parseStart(written: string): Start {
  if (written === 'earliest' || written === 'latest') return { from: written };
  const durationMs = parseDuration(written);
  if (durationMs !== undefined) return { from: 'ago', durationMs };
  const timestampMs = Date.parse(written);
  if (Number.isNaN(timestampMs)) {
    throw new OptionsRejected(
      `start: ${written} is neither earliest, latest, a duration like 15m, nor a time like 2026-01-31T08:00:00Z`,
    );
  }
  return { from: 'time', timestampMs };
}

/** ms, or undefined when it is no duration. */
export function parseDuration(written: string): number | undefined {
  const match = /^([0-9]+)(ms|s|m|h|d)$/.exec(written);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}
