// What a topic holds and where its values should go, guessed from its newest records.

import type { Format } from '../../config/config.js';
import type { SourceRecord } from '../../../connectors/contract.js';
import { isObject, type Json } from '../../topic/json.js';
import { keyFormatOf, valueFormatOf } from './formats.js';
import { identityOf, timeFieldsOf, type Identity, type ReadDocuments } from './identity.js';
import type { TopicSample } from './topic-sample.js';
import type { TrialOptions } from './trial.js';

/** One source of the configuration to be written. */
export interface TopicGuess {
  readonly sample: TopicSample;
  readonly keyFormat: Format;
  readonly valueFormat: Format;
  /** Whether one of the formats asks a schema registry. */
  readonly needsRegistry: boolean;
  /** What follows the topic in paths. */
  readonly path: string;
  /** Pointers to fields that say when a value was made. */
  readonly timeFields: readonly string[];
  /** Sentences for whoever reads the configuration. */
  readonly notes: readonly string[];
}

export async function guessTopic(sample: TopicSample, options: TrialOptions): Promise<TopicGuess> {
  const { records } = sample;
  const value = await valueFormatOf(records, options);
  const key = await keyFormatOf(records, { ...options, isInEnvelope: value.format === 'debezium' });
  const rows = rowsOf(records, key.documents, value.documents);
  const identity = subjectIdentity(records, rows, value.format) ?? identityOf(rows, sample);
  const isFramed = records.some((record) => record.value?.[0] === 0 || record.key?.[0] === 0);
  return {
    sample,
    keyFormat: key.format,
    valueFormat: value.format,
    needsRegistry: isFramed && [key, value].some(({ format }) => READ_BY_REGISTRY.has(format)),
    path: identity.path,
    timeFields: timeFieldsOf(rows),
    notes: [...value.notes, ...(identity.usesKey ? key.notes : []), ...identity.notes],
  };
}

const READ_BY_REGISTRY: ReadonlySet<Format> = new Set([
  ...(['avro', 'json-schema', 'protobuf', 'cloudevents', 'debezium'] as const),
]);

/** Records whose value, and whose key if there is one, could be read. */
function rowsOf(
  records: readonly SourceRecord[],
  keys: readonly (Json | undefined)[],
  values: readonly (Json | undefined)[],
): readonly ReadDocuments[] {
  const rows: ReadDocuments[] = [];
  const [nextKey, nextValue] = [keys.values(), values.values()];
  for (const record of records) {
    const key = record.key === null ? undefined : nextKey.next().value;
    const value = record.value === null ? undefined : nextValue.next().value;
    if (value !== undefined && (record.key === null || key !== undefined)) rows.push({ key, value });
  }
  return rows;
}

/** Events without keys tell what they are about in their attribute `subject`. */
function subjectIdentity(
  records: readonly SourceRecord[],
  rows: readonly ReadDocuments[],
  format: Format,
): Identity | undefined {
  if (format !== 'cloudevents' || rows.some(({ key }) => key !== undefined)) return undefined;
  const hasSubject = records.every(({ headers, value }) => {
    return headers?.some(({ name }) => name === 'ce_subject') === true || hasMember(value, 'subject');
  });
  if (!hasSubject) return undefined;
  const notes = ['Records have no key: the attribute `subject` of the events stands in the path.'];
  return { path: '{headers.ce_subject}', usesKey: false, notes };
}

function hasMember(bytes: Buffer | null, name: string): boolean {
  try {
    const document = JSON.parse(bytes?.toString('utf8') ?? '') as Json;
    return isObject(document) && typeof document[name] === 'string';
  } catch {
    return false;
  }
}
