// The rules of a configuration that has been checked, as what carries them out: so they do compile, and limits are known.

import { compilePolicy, type Policy } from '../entitle/policy.js';
import type { RecordReading } from '../ingest/record-reader.js';
import { compileMapping } from '../map/compile.js';
import type { Config, Limits, SourceConfig } from './config.js';

/** `version`: another one for each policy that one process has. */
export function policyOf({ entitlements }: Pick<Config, 'entitlements'>, version: number): Policy {
  const compiled = compilePolicy(entitlements, version);
  if (!compiled.ok) throw new Error('the entitlements were not checked', { cause: compiled.errors });
  return compiled.policy;
}

/** How records of a source are read; `map`: by some of its rules. */
export function readingOf(source: SourceConfig, limits: Limits, map = source.map): RecordReading {
  const compiled = compileMapping(map);
  if (!compiled.ok)
    throw new Error(`the mapping of ${source.name} was not checked`, { cause: compiled.mistakes });
  const { maxValueBytes, maxDepth, maxKeys } = limits;
  return {
    mapping: compiled.mapping,
    keyFormat: source.format.key,
    valueFormat: source.format.value,
    limits: { maxBytes: maxValueBytes, maxDepth, maxKeys, numbers: source.numbers },
  };
}
