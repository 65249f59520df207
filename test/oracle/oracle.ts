// The independent model of ingest: records in, current value of each path out. It owns every rule about which key has
// which path (CORE 1.1, 1.2) in the plainest form, and shares no code with the product.

import { isRecord, type Value } from './naive-json.js';
import { segmentOf } from './naive-paths.js';

/** What the upstream said, before any bytes. `text` is the record's value; null deletes the key. */
export interface SourceFact {
  readonly partition: string;
  readonly key: string;
  readonly text: string | null;
}

/** A mapping rule that the oracle understands: a path template over key and value, and the fields that are kept. */
export interface Mapping {
  readonly path: string;
  readonly pick?: readonly string[];
}

/** Invariant: each path has one owner, the key whose accepted record named it last. */
export class Oracle {
  readonly values = new Map<string, Value>();
  /** Paths whose owner's newest record was rejected. */
  readonly stale = new Set<string>();
  readonly #mappings: readonly Mapping[];
  readonly #owners = new Map<string, string>();
  readonly #produced = new Map<string, Map<string, Value>>();
  #seen = new Set<string>();

  constructor(mappings: readonly Mapping[]) {
    this.#mappings = mappings;
  }

  apply(fact: SourceFact): void {
    const owner = `${fact.partition} ${fact.key}`;
    this.#seen.add(owner);
    const next = fact.text === null ? new Map<string, Value>() : this.#map(fact.key, fact.text);
    const before = this.#produced.get(owner) ?? new Map<string, Value>();
    if (next === undefined) return this.#reject(owner, before);
    for (const path of this.#ownedOf(owner, before)) this.stale.delete(path);
    for (const path of this.#ownedOf(owner, before)) if (!next.has(path)) this.#drop(path);
    this.#produced.set(owner, next);
    for (const [path, value] of next) {
      this.values.set(path, value);
      this.#owners.set(path, owner);
      this.stale.delete(path);
    }
  }

  /** The upstream's history is lost and it is read from the beginning again. */
  beginAnew(): void {
    this.#seen = new Set();
  }

  /** All that exists upstream has been read again: what it did not name is gone. */
  sweep(): void {
    for (const [owner, produced] of this.#produced) {
      if (this.#seen.has(owner)) continue;
      for (const path of this.#ownedOf(owner, produced)) this.#drop(path);
      this.#produced.delete(owner);
    }
  }

  #reject(owner: string, produced: Map<string, Value>): void {
    for (const path of this.#ownedOf(owner, produced)) this.stale.add(path);
  }

  #ownedOf(owner: string, produced: Map<string, Value>): string[] {
    return [...produced.keys()].filter((path) => this.#owners.get(path) === owner);
  }

  #drop(path: string): void {
    this.values.delete(path);
    this.#owners.delete(path);
    this.stale.delete(path);
  }

  /** The record's paths and their values; undefined = the record is rejected as a whole. */
  #map(key: string, text: string): Map<string, Value> | undefined {
    const produced = new Map<string, Value>();
    const value = parsed(text);
    if (value === undefined) return undefined;
    for (const { path: template, pick } of this.#mappings) {
      const path = fill(template, { key, value });
      if (path === undefined || produced.has(path)) return undefined;
      produced.set(path, pick === undefined ? value : picked(value, pick));
    }
    return produced;
  }
}

function parsed(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}

function fill(template: string, inputs: Record<string, Value>): string | undefined {
  const segments = template.split('/').map((segment) => {
    const hole = /^\{(.+)\}$/.exec(segment);
    return hole === null ? segment : segmentOf(lookUp(inputs, hole[1]!.split('.')));
  });
  return segments.includes(undefined) ? undefined : segments.join('/');
}

function lookUp(value: Value, [name, ...rest]: string[]): unknown {
  if (name === undefined) return value;
  return isRecord(value) && Object.hasOwn(value, name) ? lookUp(value[name]!, rest) : undefined;
}

function picked(value: Value, names: readonly string[]): Value {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(`/${name}`)));
}
