// What expressions and projections see of one record, and of an array's element: parsed at most once however many rules read
// it, and only the parts they read.

import { isObject, parseJson, type Json } from '../topic/json.js';
import type { Names } from './projection.js';
import { headerText, type MappedRecord } from './record.js';
import type { ElementPart } from './rule.js';

/** Invariant: what is held was made of the record given last, and of the element given last. */
export class ConditionInput {
  #record: MappedRecord | undefined;
  #value: Json | undefined;
  #names: Names = [];
  #array: readonly Json[] | undefined;
  #index = 0;
  #variables: Partial<Record<ElementPart, unknown>> | undefined;

  /** Starts with another record. */
  take(record: MappedRecord): void {
    this.#record = record;
    this.#value = undefined;
    this.#array = undefined;
    this.#variables = undefined;
  }

  value(record: MappedRecord): Json {
    return (this.#value ??= parseJson(record.value.text()));
  }

  /** Goes on with the array that `names` lead to, which is there. */
  takeArray(names: Names): void {
    this.#names = names;
    this.#array = undefined;
  }

  takeElement(index: number): void {
    this.#index = index;
  }

  element(record: MappedRecord): Json {
    this.#array ??= arrayAt(this.value(record), this.#names);
    return this.#array[this.#index] ?? null;
  }

  /** Variables with at least `parts`. Numbers of values are doubles as in JSON; partition, timestamp and index are CEL integers. */
  variables(parts: ReadonlySet<string>): Readonly<Record<string, unknown>> {
    const record = this.#record;
    if (record === undefined) return {};
    const held = (this.#variables ??= {});
    if (parts.has('value')) held.value = this.value(record);
    if (parts.has('key') && !('key' in held))
      held.key = record.key === undefined ? null : parseJson(record.key.text());
    if (parts.has('headers')) held.headers ??= headerTexts(record);
    held.topic ??= record.topic;
    if (parts.has('partition')) held.partition ??= BigInt(record.partitionNumber);
    if (parts.has('timestamp')) held.timestamp ??= BigInt(Math.trunc(record.timestampMs));
    if (parts.has('item')) held.item = this.element(record);
    if (parts.has('index')) held.index = BigInt(this.#index);
    return held;
  }
}

function arrayAt(value: Json, names: Names): readonly Json[] {
  let found: Json | undefined = value;
  for (const name of names) {
    if (Array.isArray(found)) found = isIndex(name) ? (found as readonly Json[])[Number(name)] : undefined;
    else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return Array.isArray(found) ? (found as readonly Json[]) : [];
}

function isIndex(name: string): boolean {
  return /^(0|[1-9]\d*)$/.test(name);
}

/** Headers that are text, by name: of one name the last. A Map, so that no name of theirs means anything to JavaScript. */
function headerTexts(record: MappedRecord): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { name } of record.headers ?? []) {
    const text = headerText(record.headers, name);
    if (typeof text === 'string') texts.set(name, text);
  }
  return texts;
}
