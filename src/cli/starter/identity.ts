// What tells the objects of a topic apart, guessed from some of its records: the key, fields of the key, or a field of the value.

import { isObject, type Json } from '../../topic/json.js';

/** A record as its formats read it. */
export interface ReadDocuments {
  /** undefined: it has no key. */
  readonly key: Json | undefined;
  readonly value: Json;
}

export interface Identity {
  /** What follows the topic in paths: placeholders, or a word where nothing tells objects apart. */
  readonly path: string;
  /** Whether the mapping reads the key. */
  readonly usesKey: boolean;
  /** Sentences for whoever reads the configuration. */
  readonly notes: readonly string[];
}

/** Below that, that all keys differ says nothing. */
const MANY = 10;
const MOST_KEY_FIELDS = 4;
/** Names that a placeholder can hold as they are. */
const SIMPLE_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

export function identityOf(
  rows: readonly ReadDocuments[],
  { topic, isCompacted }: { readonly topic: string; readonly isCompacted: boolean | undefined },
): Identity {
  const field = idFieldOf(rows, topic);
  const keys = rows.map(({ key }) => key);
  if (rows.length === 0)
    return { path: '{key}', usesKey: true, notes: ['That its keys tell objects apart is a guess.'] };
  if (keys.every((key) => key === undefined)) return withoutKey(field);
  if (keys.some((key) => key === undefined) && field !== undefined)
    return byField(field, [`Some records have no key, so that ${field} stands in the path.`]);
  if (keys.every((key) => isSegment(key))) return byScalarKey(rows, field, isCompacted === true);
  return byKeyFields(keys, field);
}

/** Pointers to fields of the value that tell when it was made. */
export function timeFieldsOf(rows: readonly ReadDocuments[]): readonly string[] {
  const documents = rows.map(({ value }) => value).filter(isObject);
  const names = Object.keys(documents[0] ?? {}).filter(
    (name) => TIME_NAME.test(name) && SIMPLE_NAME.test(name),
  );
  return names
    .filter((name) => documents.every((document) => isTime(document[name])))
    .slice(0, MOST_TIME_FIELDS)
    .map((name) => `/${name}`);
}

const MOST_TIME_FIELDS = 5;
const TIME_NAME = /^(ts|time|timestamp|datetime)$|(_at|At|_ts|Ts|_time|Time|_timestamp|Timestamp)$/;

/** An instant as ISO text, or as seconds or finer since 1970. */
function isTime(value: Json | undefined): boolean {
  if (typeof value === 'number') return value > 1e9;
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^\d{10,19}$/.test(value);
}

function withoutKey(field: string | undefined): Identity {
  const noDeletes = 'Records have no key, so that none can delete a path; `deleteWhen` can.';
  if (field !== undefined) return byField(field, [noDeletes]);
  return {
    path: 'latest',
    usesKey: false,
    notes: [
      noDeletes,
      'No field tells objects apart: only the newest record is seen. Write the field that does: {value.NAME}.',
    ],
  };
}

function byField(field: string, notes: readonly string[]): Identity {
  return { path: `{value.${field}}`, usesKey: false, notes };
}

function byScalarKey(
  rows: readonly ReadDocuments[],
  field: string | undefined,
  isCompacted: boolean,
): Identity {
  const byKey = { path: '{key}', usesKey: true };
  if (field === undefined) return { ...byKey, notes: [] };
  const fieldsOfKey = new Map<string, Set<string>>();
  for (const { key, value } of rows) {
    const [keyText, fieldText] = [JSON.stringify(key), JSON.stringify(isObject(value) ? value[field] : '')];
    const known = fieldsOfKey.get(keyText) ?? new Set<string>();
    fieldsOfKey.set(keyText, known.add(fieldText));
  }
  if ([...fieldsOfKey.values()].some((fields) => fields.size > 1)) {
    const note = `Records of one key differ in ${field}: each replaces what the one before it of its key said, so that only the newest is seen. Give records of different objects different keys.`;
    return { ...byKey, notes: [note] };
  }
  const fields = new Set([...fieldsOfKey.values()].flatMap((each) => [...each]));
  const isPerEvent =
    !isCompacted && rows.length >= MANY && fieldsOfKey.size === rows.length && fields.size <= rows.length / 2;
  if (!isPerEvent) return { ...byKey, notes: [] };
  return byField(field, [
    `Every record has another key, and ${field} comes again: the newest record of each ${field} is seen.`,
  ]);
}

function byKeyFields(keys: readonly (Json | undefined)[], field: string | undefined): Identity {
  const objects = keys.filter(isObject);
  const names = Object.keys(objects[0] ?? {});
  const isUsable = (name: string): boolean =>
    SIMPLE_NAME.test(name) && objects.every((key) => isSegment(key[name]));
  if (
    objects.length === keys.length &&
    names.length > 0 &&
    names.length <= MOST_KEY_FIELDS &&
    names.every(isUsable)
  )
    return { path: names.map((name) => `{key.${name}}`).join('/'), usesKey: true, notes: [] };
  if (field !== undefined)
    return byField(field, [
      'Keys are no single text or number, so that a field of the value stands in the path.',
    ]);
  return {
    path: 'latest',
    usesKey: false,
    notes: [
      'Neither keys nor fields tell objects apart by one text or number: only the newest record is seen. Write what does: {key.NAME} or {value.NAME}.',
    ],
  };
}

/** The field of all values that looks most like an identity. */
function idFieldOf(rows: readonly ReadDocuments[], topic: string): string | undefined {
  const documents = rows.map(({ value }) => value);
  if (!documents.every(isObject)) return undefined;
  const [first] = documents;
  const names = Object.keys(first ?? {}).filter((name) =>
    documents.every((document) => isSegment(document[name])),
  );
  const ranked = names
    .map((name) => ({ name, rank: rankOf(name, topic) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank);
  return ranked[0]?.name;
}

/** 0: it does not look like one. */
function rankOf(name: string, topic: string): number {
  if (!SIMPLE_NAME.test(name)) return 0;
  const plain = name.replace(/[_-]/g, '').toLowerCase();
  if (plain === 'id') return 5;
  const entities = topic.split(/[._-]/).map((word) => word.toLowerCase().replace(/s$/, ''));
  if (entities.some((entity) => entity !== '' && plain === `${entity}id`)) return 4;
  if (OWN_NAMES.has(plain)) return 3;
  return /(_id|-id|[a-z]I[dD]|_uuid|Uuid|_key|_code)$/.test(name) ? 2 : 0;
}

const OWN_NAMES: ReadonlySet<string> = new Set([
  'symbol',
  'ticker',
  'isin',
  'sku',
  'uuid',
  'guid',
  'code',
  'key',
  'instrument',
]);

/** Whether a value can be one segment of a path. */
function isSegment(value: Json | undefined): boolean {
  if (typeof value === 'string') return value !== '' && value.length <= LONGEST_SEGMENT;
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value));
}

const LONGEST_SEGMENT = 100;
