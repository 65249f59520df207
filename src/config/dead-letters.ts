// Resolves `deadLetters` of a source: where records go that cannot be used, and whether that can work.

import { resolve } from 'node:path';
import { matches } from '../../connectors/kafka/topics.js';
import { ACCESS_OPTIONS, accessSettings, type KafkaAccess } from '../kafka/access-options.js';
import { ROTATED_FILES } from '../dead-letters/file.js';
import type { DeadLettersConfig } from './config.js';
import type { KeyPath } from './document.js';
import type { Problem } from './finding.js';
import { isUnknown, type Interpolated } from './interpolation.js';
import type { JsonSchema } from './schemas.js';
import { Secret } from './secret.js';
import { parseSize, SIZE_PATTERN } from '../units.js';

const MIB = 1024 * 1024;
const KAFKA = 'kafka';

const TOPIC_SCHEMA: JsonSchema = {
  type: 'object',
  description:
    'A topic of Kafka, with the key and value of the record, and where it came from in headers. Not a compacted one.',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9._-]{1,249}$',
      mustBe: 'the name of a topic: letters, digits, ".", "_" and "-"',
      description: 'Name of the topic. It must be there: it is not made.',
      examples: ['quotes.dead'],
    },
    brokers: inherited(
      ACCESS_OPTIONS.brokers,
      'Left out: those of the source, if it is a Kafka source, with its `tls` and `sasl`.',
    ),
    tls: inherited(ACCESS_OPTIONS.tls, 'Left out beside `brokers`: none; else as the source.'),
    sasl: inherited(ACCESS_OPTIONS.sasl, 'Left out beside `brokers`: none; else as the source.'),
  },
};

export const DEAD_LETTERS_SCHEMA: JsonSchema = {
  type: 'object',
  default: {},
  description:
    'Where records go that cannot be used, to a `file` or a `topic`, beside their line in the log: at most 64 KiB of each. See [dead-letters.md](dead-letters.md).',
  additionalProperties: false,
  properties: {
    onFlood: {
      enum: ['pause', 'continue'],
      description: 'What a flood of rejected records (100 in a row, or most of a minute) does to reading.',
      reason:
        'Left out: `pause`, since a producer with a wrong schema would drain the whole topic into the dead letters; of a source that others send to `continue`.',
    },
    file: {
      type: 'object',
      description: 'A file with one letter as JSON per line, which this process alone writes.',
      additionalProperties: false,
      required: ['path'],
      properties: {
        path: {
          type: 'string',
          minLength: 1,
          description: 'Path of the file, relative to the configuration. Its folder must be there.',
          examples: ['/var/lib/tailrace/quotes.dead.ndjson'],
        },
        maxBytes: {
          type: ['string', 'integer'],
          unit: 'size',
          pattern: SIZE_PATTERN,
          mustBe: 'a size, such as 64MiB, 1GiB or a number of bytes',
          default: '64MiB',
          description: `Size from which on the file is renamed to \`.1\` and a new one begins; the oldest of ${ROTATED_FILES} such files is removed.`,
          reason: 'Some hundred thousand letters, and no full disk.',
        },
      },
    },
    topic: TOPIC_SCHEMA,
  },
};

/** What {@link DEAD_LETTERS_SCHEMA} lets through, defaults filled in. */
export interface WrittenDeadLetters {
  readonly onFlood?: 'pause' | 'continue';
  readonly file?: { readonly path: string; readonly maxBytes: unknown };
  readonly topic?: Partial<KafkaAccess> & { readonly name: string };
}

/** The source that they are of. */
export interface LettersOrigin {
  /** Of its connector. */
  readonly type: string;
  /** As written, defaults filled in. */
  readonly options: unknown;
}

/** `folder`: of the configuration. There are no problems. */
export function resolveDeadLetters(
  { onFlood, file, topic }: WrittenDeadLetters,
  origin: LettersOrigin,
  folder: string,
): DeadLettersConfig {
  if (file !== undefined) {
    const path = resolve(folder, file.path);
    return { onFlood, store: { kind: 'file', path, maxBytes: parseSize(file.maxBytes) ?? MIB } };
  }
  const access = topic && accessOf(topic, origin);
  if (topic === undefined || access === undefined) return { onFlood, store: undefined };
  const cluster = new Secret({ ...accessSettings(access), clientId: clientIdOf(origin) });
  return { onFlood, store: { kind: 'topic', name: topic.name, cluster } };
}

/** `letters` has the right form. */
export function deadLetterProblems(
  { file, topic }: WrittenDeadLetters,
  origin: LettersOrigin,
  place: { readonly path: KeyPath; readonly where: string; readonly interpolated: Interpolated },
): Problem[] {
  const path = [...place.path, 'deadLetters'];
  const where = `${place.where}.deadLetters`;
  if (file !== undefined && topic !== undefined) {
    const message = `${where} are kept in a file and in a topic; choose one of them`;
    return [problem([...path, 'topic'], message, 'key')];
  }
  if (file !== undefined && !isUnknown(place.interpolated, path) && (parseSize(file.maxBytes) ?? 0) < MIB) {
    const message = `${where}.file.maxBytes must be at least 1MiB`;
    return [{ ...problem([...path, 'file', 'maxBytes'], message), code: 'out-of-range' }];
  }
  if (topic === undefined || isUnknown(place.interpolated, path)) return [];
  const access = accessOf(topic, origin);
  if (access === undefined) {
    const message = `${where}.topic needs brokers, since ${place.where} is no Kafka source that has some`;
    return [problem([...path, 'topic'], message, 'key')];
  }
  if (isUnknown(place.interpolated, [...place.path, KAFKA]) || !isRead(topic.name, access, origin)) return [];
  const message = `${place.where} reads the topic ${topic.name} itself, so that each dead letter would make another one`;
  return [problem([...path, 'topic', 'name'], message)];
}

export interface PlacedLetters {
  readonly path: KeyPath;
  readonly where: string;
  readonly deadLetters: DeadLettersConfig;
}

/** Sources that would write into one file, or into one that another has rotated. */
export function sharedLetterFiles(sources: readonly PlacedLetters[], interpolated: Interpolated): Problem[] {
  const owners = new Map<string, string>();
  return sources.flatMap(({ path, where, deadLetters: { store } }) => {
    const at = [...path, 'deadLetters', 'file', 'path'];
    if (store?.kind !== 'file' || isUnknown(interpolated, at)) return [];
    const rotated = Array.from({ length: ROTATED_FILES }, (_, index) => `${store.path}.${index + 1}`);
    const files = [store.path, ...rotated];
    const owner = files.map((file) => owners.get(file)).find((each) => each !== undefined);
    for (const file of files) owners.set(file, where);
    if (owner === undefined) return [];
    return [problem(at, `${where} and ${owner} write their dead letters into one file; give each its own`)];
  });
}

/** The source's own brokers bring its TLS and its login; others get neither, or its password would go to strangers. */
function accessOf(topic: Partial<KafkaAccess>, { type, options }: LettersOrigin): KafkaAccess | undefined {
  const { brokers, tls, sasl } = topic;
  const given = { ...(tls !== undefined && { tls }), ...(sasl !== undefined && { sasl }) };
  if (brokers !== undefined) return { brokers, ...given };
  return type === KAFKA ? { ...(options as KafkaAccess), ...given } : undefined;
}

function isRead(topic: string, access: KafkaAccess, { type, options }: LettersOrigin): boolean {
  if (type !== KAFKA) return false;
  const { topics, ...own } = options as KafkaAccess & { readonly topics: readonly string[] };
  const brokers = new Set(accessSettings(own).brokers);
  const isSameCluster = accessSettings(access).brokers.some((broker) => brokers.has(broker));
  return isSameCluster && topics.some((pattern) => matches(pattern, topic));
}

function clientIdOf({ type, options }: LettersOrigin): string {
  const { clientId = 'tailrace' } = type === KAFKA ? (options as { readonly clientId?: string }) : {};
  return clientId;
}

/** The option of a source without its default, so that one can tell whether it was written. */
function inherited(option: JsonSchema, otherwise: string): JsonSchema {
  const rest = Object.entries(option).filter(([keyword]) => keyword !== 'default');
  return { ...Object.fromEntries(rest), reason: otherwise };
}

function problem(path: KeyPath, message: string, part: 'key' | 'value' = 'value'): Problem {
  return { severity: 'error', code: 'dead-letters', path, message, part };
}
