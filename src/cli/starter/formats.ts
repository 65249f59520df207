// What the bytes of a topic are, guessed from how they begin and from which decoders can read them.

import type { Format } from '../../config/config.js';
import { isObject, type Json } from '../../topic/json.js';
import type { SourceRecord } from '../../../connectors/contract.js';
import { tryFormat, type Part, type TrialOptions, type TrialResult } from './trial.js';

export interface FormatGuess {
  readonly format: Format;
  /** An item per part: what it holds; undefined where it could not be read, or deletes. */
  readonly documents: readonly (Json | undefined)[];
  /** Sentences for whoever reads the configuration. */
  readonly notes: readonly string[];
}

const REGISTRY_FORMATS = ['avro', 'json-schema', 'protobuf'] as const;
/** Some records of a topic may be of another kind. */
const MAJORITY = 0.5;

/** `values`: those that are not null. */
export async function valueFormatOf(
  records: readonly SourceRecord[],
  options: TrialOptions,
): Promise<FormatGuess> {
  const parts = records.flatMap(({ value, headers }) => (value === null ? [] : [{ bytes: value, headers }]));
  if (parts.length === 0) return { format: 'json', documents: [], notes: [] };
  const guess = await plainFormatOf(parts, 'values', options);
  const envelope = envelopeOf(parts, guess.documents);
  if (envelope === undefined) return guess;
  const result = await tryFormat(envelope, parts, options);
  if (result.good < MAJORITY * parts.length) return guess;
  return {
    format: envelope,
    documents: result.documents,
    notes: unfitting(result, parts, 'values', envelope),
  };
}

/** `isInEnvelope`: whether values are `debezium`, whose keys may be wrapped with their schema too. */
export async function keyFormatOf(
  records: readonly SourceRecord[],
  { isInEnvelope, ...options }: TrialOptions & { readonly isInEnvelope: boolean },
): Promise<FormatGuess> {
  const parts = records.flatMap(({ key }) => (key === null ? [] : [{ bytes: key, headers: undefined }]));
  if (parts.length === 0) return { format: 'string', documents: [], notes: [] };
  const isText = parts.every(({ bytes }) => !'{["'.includes(String.fromCharCode(bytes[0] ?? 0)));
  const guess = await plainFormatOf(parts, 'keys', options, isText ? 'string' : 'json');
  if (!isInEnvelope || guess.format !== 'json' || !guess.documents.every(isWrapped)) return guess;
  const documents = guess.documents.map((document) => (isObject(document) ? document['payload'] : document));
  return { format: 'debezium', documents, notes: guess.notes };
}

/** Without envelopes. `first`: the text format to try first. */
async function plainFormatOf(
  parts: readonly Part[],
  what: 'keys' | 'values',
  options: TrialOptions,
  first: 'json' | 'string' = 'json',
): Promise<FormatGuess> {
  if (parts.filter(({ bytes }) => isFramed(bytes)).length >= MAJORITY * parts.length)
    return framedFormatOf(parts, what, options);
  if (!parts.some(({ bytes }) => BINARY.test(bytes.toString('latin1')))) {
    for (const format of first === 'json' ? (['json', 'string'] as const) : (['string'] as const)) {
      const result = await tryFormat(format, parts, options);
      if (result.good >= MAJORITY * parts.length)
        return { format, documents: result.documents, notes: unfitting(result, parts, what, format) };
    }
  }
  const { documents } = await tryFormat('bytes', parts, options);
  return { format: 'bytes', documents, notes: [`The ${what} are no text: their bytes are shown in base64.`] };
}

/** By a schema of the registry: the format is that of the schema. */
async function framedFormatOf(
  parts: readonly Part[],
  what: 'keys' | 'values',
  options: TrialOptions,
): Promise<FormatGuess> {
  const asBytes = async (why: string): Promise<FormatGuess> => {
    const { documents } = await tryFormat('bytes', parts, options);
    const note = `The ${what} name a schema of a registry, ${why}: until \`format\` and \`schemaRegistry\` say how to read them, their bytes are shown in base64.`;
    return { format: 'bytes', documents, notes: [note] };
  };
  if (options.registry === undefined) return asBytes('and init was not told which (--registry)');
  let best: { readonly format: Format; readonly result: TrialResult } | undefined;
  for (const format of REGISTRY_FORMATS) {
    const result = await tryFormat(format, parts, options);
    if (result.unavailable !== undefined) return asBytes(`which did not answer (${result.unavailable})`);
    if (result.good > (best?.result.good ?? 0)) best = { format, result };
  }
  if (best === undefined) return asBytes('which does not know it, or not as these bytes are');
  const { format, result } = best;
  return { format, documents: result.documents, notes: unfitting(result, parts, what, format) };
}

/** A zero byte, a number of four bytes, and something behind it. */
function isFramed(bytes: Buffer): boolean {
  return bytes.length > 5 && bytes[0] === 0;
}

/** Valid as UTF-8, and no text all the same. */
const BINARY = /[\u0000-\u0008\u000e-\u001a]/;

function unfitting(
  { good }: TrialResult,
  parts: readonly Part[],
  what: string,
  format: Format,
): readonly string[] {
  const bad = parts.length - good;
  return bad === 0
    ? []
    : [`${bad} of ${parts.length} ${what} that were looked at are not ${format}: such records are rejected.`];
}

function envelopeOf(
  parts: readonly Part[],
  documents: readonly (Json | undefined)[],
): 'cloudevents' | 'debezium' | undefined {
  const isMost = (count: number): boolean => count >= MAJORITY * parts.length;
  const hasHeaders = parts.filter(
    ({ headers }) => headers?.some(({ name }) => name === 'ce_specversion') === true,
  );
  if (isMost(hasHeaders.length) || isMost(documents.filter(isCloudEvent).length)) return 'cloudevents';
  return isMost(documents.filter(isChange).length) ? 'debezium' : undefined;
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes */
function isCloudEvent(document: Json | undefined): boolean {
  return (
    isObject(document) &&
    ['specversion', 'id', 'source', 'type'].every((name) => typeof document[name] === 'string')
  );
}

/** https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events */
function isChange(document: Json | undefined): boolean {
  if (!isObject(document)) return false;
  const { payload } = document;
  const change = isWrapped(document) && isObject(payload) ? payload : document;
  return typeof change['op'] === 'string' && 'source' in change && ('after' in change || 'before' in change);
}

/** As Kafka Connect's JSON converter writes what has a schema. */
function isWrapped(document: Json | undefined): boolean {
  return isObject(document) && 'schema' in document && 'payload' in document;
}
