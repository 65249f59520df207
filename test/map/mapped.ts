// What mapping rules make of one record, for tests.

import { expect } from '@jest/globals';
import { decoderOf, type Format } from '../../src/decode/decoder.js';
import { DEFAULT_JSON_LIMITS } from '../../src/json/json-scanner.js';
import { compileMapping } from '../../src/map/compile.js';
import type { MappedPath } from '../../src/map/mapping.js';
import type { MappedHeader } from '../../src/map/record.js';
import { DEFAULT_MAPPING_LIMITS, type MappingLimits, type MapRule } from '../../src/map/rule.js';
import { toText, utf8FromBytes } from '../../src/topic/utf8.js';

export interface Given {
  readonly key?: string | null;
  readonly keyFormat?: Format;
  readonly value?: unknown;
  /** The value as its bytes; undefined: `value` as JSON. */
  readonly json?: string;
  readonly headers?: readonly MappedHeader[];
}

/** What the rules make of one record: path -> value, or a fault. */
export function map(rules: readonly MapRule[], given: Given, limits: Partial<MappingLimits> = {}) {
  const paths = pathsOf(rules, given, limits);
  if ('fault' in paths) return paths;
  return Object.fromEntries(
    paths.map(({ path, text }) => [path, text === null ? 'deleted' : (JSON.parse(toText(text)) as unknown)]),
  );
}

/** The same with values as they would be stored. */
export function pathsOf(
  rules: readonly MapRule[],
  { key = null, keyFormat = 'string', value = null, json = JSON.stringify(value), headers }: Given,
  limits: Partial<MappingLimits> = {},
) {
  const compiled = compileMapping(rules, { ...DEFAULT_MAPPING_LIMITS, ...limits });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes));
  const { mapping } = compiled;
  const read = (text: string, format: Format, fields: readonly (readonly string[])[]) => {
    const bytes = Buffer.from(text);
    const document = decoderOf(format, { fields, limits: DEFAULT_JSON_LIMITS }).decode(
      bytes,
      utf8FromBytes(bytes),
      undefined,
    );
    if (document === undefined) throw new Error('not decoded');
    return document;
  };
  const record = {
    key: key === null ? undefined : read(key, keyFormat, mapping.fields.key),
    value: read(json, 'json', mapping.fields.value),
    headers,
    topic: 'fx.quotes',
    partitionNumber: 3,
    timestampMs: 1_700_000_000_000,
    expected: undefined,
  };
  const paths: MappedPath[] = [];
  const fault = mapping.map(record, paths);
  if (fault !== undefined) return { fault, rule: mapping.faultyRule };
  // Told what its own last path was, a record must give the same again.
  for (const { path } of paths.length > 1_000 ? [] : paths.slice(0, 5)) {
    const again: MappedPath[] = [];
    expect(mapping.map({ ...record, expected: path }, again)).toBeUndefined();
    expect(again).toEqual(paths);
  }
  return paths;
}
