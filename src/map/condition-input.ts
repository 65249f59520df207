// What conditions and projections see of one record: parsed at most once however many rules read it, and only the parts they read.

import { parseJson, type Json } from '../topic/json.js';
import { headerText, type MappedRecord } from './record.js';
import type { RecordPart } from './rule.js';

/** Invariant: what is held was made of the record given last. */
export class ConditionInput {
  #record: MappedRecord | undefined;
  #value: Json | undefined;
  #variables: Partial<Record<RecordPart, unknown>> | undefined;

  /** Starts with another record. */
  take(record: MappedRecord): void {
    this.#record = record;
    this.#value = undefined;
    this.#variables = undefined;
  }

  value(record: MappedRecord): Json {
    return (this.#value ??= parseJson(record.value.text()));
  }

  /** Variables with at least `parts`. Numbers of values are doubles as in JSON; partition and timestamp are CEL integers. */
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
    return held;
  }
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
