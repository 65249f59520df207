// The rules of a configuration that has been checked, as what carries them out: so they do compile, and limits are known.

import type { Outbound } from '../../connectors/contract.js';
import { systemClock } from '../clock.js';
import { KnownSchemas } from '../decode/registry/known-schemas.js';
import { RegistryClient } from '../decode/registry/registry-client.js';
import type { Schemas } from '../decode/registry/schemas.js';
import { compilePolicy, type Policy } from '../entitle/policy.js';
import type { RecordReading } from '../ingest/record-reader.js';
import { compileMapping } from '../map/compile.js';
import { createOutbound } from '../outbound/outbound.js';
import type { Config, Limits, SchemaRegistryConfig, SourceConfig } from './config.js';

/** `version`: another one for each policy that one process has. */
export function policyOf({ entitlements }: Pick<Config, 'entitlements'>, version: number): Policy {
  const compiled = compilePolicy(entitlements, version);
  if (!compiled.ok) throw new Error('the entitlements were not checked', { cause: compiled.errors });
  return compiled.policy;
}

export interface ReadingOptions {
  /** Some of the source's rules; left out: all. */
  readonly map?: SourceConfig['map'];
  /** Told of a schema that no record can be read by, once, with the reason. */
  readonly onUnusableSchema?: (id: number, reason: string) => void;
  /** The way to the schema registry; left out: to one with a public address only. */
  readonly outbound?: Outbound;
}

/** How records of a source are read. With a schema registry: what it has is remembered as long as the reading. */
export function readingOf(
  source: SourceConfig,
  limits: Limits,
  { map = source.map, ...options }: ReadingOptions = {},
): RecordReading {
  const { maxValueBytes: maxBytes, maxDepth, maxKeys, elementsPerRecord } = limits;
  const { numbers } = source;
  const compiled = compileMapping(map, { elementsPerRecord, maxBytes, numbers });
  if (!compiled.ok)
    throw new Error(`the mapping of ${source.name} was not checked`, { cause: compiled.mistakes });
  return {
    mapping: compiled.mapping,
    keyFormat: source.format.key,
    valueFormat: source.format.value,
    limits: { maxBytes, maxDepth, maxKeys, numbers },
    ...(source.schemaRegistry && { schemas: schemasOf(source.schemaRegistry, options) }),
  };
}

function schemasOf(
  { url, login, ca, timeoutMs, readerSchema }: SchemaRegistryConfig,
  { onUnusableSchema: onUnusable, outbound = createOutbound({ allow: [] }) }: ReadingOptions,
): Readonly<Record<'key' | 'value', Schemas>> {
  const revealed = login && { username: login.username, password: login.password.reveal() };
  const client = new RegistryClient({ url, login: revealed, ca, timeoutMs, clock: systemClock, outbound });
  const shared = { client, clock: systemClock, ...(onUnusable && { onUnusable }) };
  return {
    key: new KnownSchemas({ ...shared, readerSchema: readerSchema.key }),
    value: new KnownSchemas({ ...shared, readerSchema: readerSchema.value }),
  };
}
