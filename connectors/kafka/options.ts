// The options of a Kafka source: their schema, which is also their documentation, and their meaning resolved once.

import { ACCESS_OPTIONS, accessSettings, type KafkaAccess } from '../../src/kafka/access-options.js';
import type { ClusterSettings } from '../../src/kafka/cluster.js';
import { DEFAULT_READER, type ReaderSettings } from '../../src/kafka/reader.js';
import { parseDuration } from '../../src/units.js';
import { OptionsRejected } from '../contract.js';

/** As written in the configuration, defaults filled in. */
export interface KafkaOptions extends KafkaAccess {
  readonly topics: readonly string[];
  readonly start?: string;
  readonly clientId?: string;
  readonly fetchWindow?: string;
  readonly maxBytesPerPartition?: number;
  readonly maxBytesPerSecond?: number;
  readonly clientRack?: string;
  readonly interruptedAfter?: string;
  readonly openTransactionAfter?: string;
  readonly onHistoryLost?: 'halt' | 'earliest' | 'latest';
  readonly requestTimeout?: string;
}

/** Where a partition without a position is read from. */
export type Start =
  | { readonly from: 'earliest' | 'latest' }
  /** The first record of that time or later. A duration is turned into a time whenever reading begins. */
  | { readonly from: 'time'; readonly timestampMs: number }
  | { readonly from: 'ago'; readonly durationMs: number };

/** How far back: at most some 27 years. */
const AGO = '^([0-9]{1,12}ms|[0-9]{1,9}s|[0-9]{1,7}m|[0-9]{1,5}h|[0-9]{1,4}d)$';
/** A wait. At most an hour and some: timers can wait for no more than 24 days. */
const DURATION = '^([0-9]{1,6}ms|[0-9]{1,4}s|[0-9]{1,2}m|1h)$';
const durationMustBe = 'a duration of at most an hour, such as 500ms, 2s or 5m';
/** No more than Date.parse takes, so that what the schema accepts can be read. */
const DATE = '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])';
const HOUR_MINUTE = '([01][0-9]|2[0-3]):[0-5][0-9]';
const TIME = `${HOUR_MINUTE}(:[0-5][0-9](\\.[0-9]{1,9})?)?`;

/** JSON Schema 2020-12. */
export const KAFKA_OPTIONS = {
  description:
    'Topics of a Kafka cluster (2.3 or later), read without a consumer group: nothing is committed, and every start reads anew.',
  type: 'object',
  additionalProperties: false,
  required: ['brokers', 'topics'],
  properties: {
    brokers: ACCESS_OPTIONS.brokers,
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
      pattern: `^earliest$|^latest$|${AGO}|^${DATE}(T${TIME}(Z|[+-]${HOUR_MINUTE}))?$`,
    },
    clientId: {
      description: 'Name under which brokers log and limit this client.',
      type: 'string',
      minLength: 1,
      default: 'tailrace',
    },
    tls: ACCESS_OPTIONS.tls,
    sasl: ACCESS_OPTIONS.sasl,
    fetchWindow: {
      description:
        'Pause between two fetches from a broker when the first brought records: more saves CPU at low rates, 0ms has the lowest latency.',
      type: 'string',
      pattern: DURATION,
      mustBe: durationMustBe,
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
    maxBytesPerSecond: {
      description:
        'Most bytes per second that are fetched, over all topics and brokers. Default: as fast as brokers give them.',
      type: 'integer',
      minimum: 1024,
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
      mustBe: durationMustBe,
      default: '2s',
    },
    openTransactionAfter: {
      description:
        'How long an open transaction may withhold all that comes after it before paths turn stale; the log then says which one it is, and how to end it.',
      type: 'string',
      pattern: DURATION,
      mustBe: durationMustBe,
      default: '30s',
    },
    onHistoryLost: {
      description:
        'What to do when records were deleted that had not been read (retention, a topic that was deleted and created again, an unclean election): `halt` stops the source, with its paths stale, until somebody decides; `earliest` and `latest` go on with the oldest record that is left, or with those that come, and keep values. Topics that are all compacted are read anew instead: nothing is lost in them.',
      enum: ['halt', 'earliest', 'latest'],
      default: 'halt',
    },
    requestTimeout: {
      description:
        'How long a broker may take to answer before the connection is given up and another one opened.',
      type: 'string',
      pattern: '^([1-9][0-9]{0,2}s|[1-9]m|10m)$',
      mustBe: 'a duration from 1s to 10m',
      default: '10s',
    },
  },
} as const;

export function clusterSettings(options: KafkaOptions): ClusterSettings {
  const { clientId = 'tailrace', requestTimeout = '10s' } = options;
  const requestTimeoutMs = parseDuration(requestTimeout) ?? 10_000;
  return { ...accessSettings(options), clientId, requestTimeoutMs };
}

export function readerSettings(options: KafkaOptions): ReaderSettings {
  const { clientId, requestTimeoutMs = DEFAULT_READER.requestTimeoutMs } = clusterSettings(options);
  return {
    ...DEFAULT_READER,
    clientId,
    requestTimeoutMs,
    fetchWindowMs: parseDuration(options.fetchWindow ?? '10ms') ?? DEFAULT_READER.fetchWindowMs,
    graceMs: parseDuration(options.interruptedAfter ?? '2s') ?? DEFAULT_READER.graceMs,
    maxBytesPerPartition: options.maxBytesPerPartition ?? DEFAULT_READER.maxBytesPerPartition,
    maxBytesPerSecond: options.maxBytesPerSecond ?? Infinity,
    openTransactionMs:
      parseDuration(options.openTransactionAfter ?? '30s') ?? DEFAULT_READER.openTransactionMs,
    rack: options.clientRack ?? '',
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
