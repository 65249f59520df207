// Resolves `sources`: each item's own options, the options of its connector, and what the sources may not have in common.

import type { SourceType } from '../../connectors/contract.js';
import { isSecretName } from '../telemetry/scrub.js';
import type { MapRule } from '../map/rule.js';
import type { SourceConfig } from './config.js';
import {
  DEAD_LETTERS_SCHEMA,
  deadLetterProblems,
  resolveDeadLetters,
  type WrittenDeadLetters,
} from './dead-letters.js';
import type { KeyPath } from './document.js';
import { pathText, type FindingCode, type Problem } from './finding.js';
import { isUnknown, pointerOf, type Interpolated } from './interpolation.js';
import type { OutsideConnectors } from './outside-connectors.js';
import { checkAgainst } from './schema-check.js';
import {
  resolveSchemaRegistry,
  SCHEMA_REGISTRY_SCHEMA,
  schemaRegistryProblems,
  type WrittenSchemaRegistry,
} from './schema-registry.js';
import { schemaOfMember, SOURCE_SCHEMA, type JsonSchema } from './schemas.js';
import { Secret } from './secret.js';
import { connectorsOf, type ChosenConnector } from './source-connector.js';
import { parseDuration } from '../units.js';

/** The connectors that Tailrace is built with, as connectors/registry.ts has them. */
export type ConnectorTypes = readonly SourceType<unknown>[];

export interface ReadSources {
  /** In the order of the file. */
  readonly sources: readonly ReadSource[];
  readonly problems: readonly Problem[];
}

export interface ReadSource {
  /** Where it stands in the list. */
  readonly path: KeyPath;
  /** How sentences name it. */
  readonly where: string;
  /** Its rules that are known and of the right form, whatever else is wrong with it. */
  readonly rules: readonly PlacedRule[];
  /** Undefined when something is wrong with it. */
  readonly source: SourceConfig | undefined;
  /** Undefined when it names none, or several. */
  readonly connector?: SourceType<unknown>;
  /** The same as one would write it, defaults filled in. */
  readonly written?: unknown;
}

export interface PlacedRule {
  readonly path: KeyPath;
  readonly rule: MapRule;
}

export function readSources(
  root: Readonly<Record<string, unknown>>,
  { types, outside, folder }: Pick<ItemContext, 'types' | 'outside' | 'folder'>,
  interpolated: Interpolated,
): ReadSources {
  const written = root['sources'];
  if (written === undefined || written === null || (Array.isArray(written) && written.length === 0)) {
    const message = 'there is nothing to read from: sources needs at least one item';
    return { sources: [], problems: [problem('missing-key', ['sources'], message)] };
  }
  if (!Array.isArray(written)) {
    return {
      sources: [],
      problems: [problem('wrong-type', ['sources'], 'sources must be a list: begin each with "- name:"')],
    };
  }
  const problems: Problem[] = [];
  const sources: ReadSource[] = [];
  for (const [index, item] of written.entries()) {
    const where = pathText(['sources', index], root);
    const read = readSource(item, { index, where, types, outside, folder, interpolated });
    problems.push(...read.problems);
    sources.push(read);
  }
  return { sources, problems: [...problems, ...duplicateNames(written)] };
}

interface ItemContext {
  readonly index: number;
  readonly where: string;
  readonly types: ConnectorTypes;
  readonly outside: OutsideConnectors;
  /** Of the configuration. */
  readonly folder: string;
  readonly interpolated: Interpolated;
}

function readSource(
  item: unknown,
  context: ItemContext,
): ReadSource & { readonly problems: readonly Problem[] } {
  const { index, where, types, folder, interpolated } = context;
  const path: KeyPath = ['sources', index];
  const checked = checkAgainst(withConnectors(types), item, { path, where, interpolated });
  const rules = wellFormedRules(checked.value, [...path, 'map'], checked.problems).filter(
    (rule) => !isUnknown(interpolated, rule.path),
  );
  const broken = { path, where, rules, source: undefined };
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return { ...broken, problems: checked.problems };

  const misspelt = checked.problems.some(({ suggestion }) => types.some(({ type }) => type === suggestion));
  const choice = connectorsOf(item, { ...context, path, misspelt });
  const [chosen] = choice.given;
  const problems = [
    ...checked.problems,
    ...choice.problems,
    ...connectorSecrets(item, choice.given, { path, interpolated }),
    ...blockSecrets(item, { path, interpolated }),
  ];
  if (chosen === undefined || choice.given.length > 1) return { ...broken, problems };

  const { key, connector } = chosen;
  const written = (checked.value as Readonly<Record<string, unknown>>)[key];
  const options = checkAgainst(connector.options, chosen.isOutside ? (written ?? {}) : written, {
    path: [...path, key],
    where: `${where}.${key}`,
    interpolated,
  });
  problems.push(...options.problems);
  const { schemaRegistry, deadLetters } = checked.value as WrittenBlocks;
  const format = formatOf(item, checked.value as WrittenBlocks, connector);
  const atomic = atomicOf(item, checked.value as Pick<SourceConfig, 'atomic'>, connector);
  problems.push(...atomicProblems(atomic, connector, { path, where }));
  const origin = { type: connector.type, options: options.value };
  if (problems.length === 0)
    problems.push(
      ...schemaRegistryProblems(format, schemaRegistry, { path, where, interpolated }),
      ...deadLetterProblems(deadLetters, origin, { path, where, interpolated }),
    );
  if (problems.length > 0) return { ...broken, problems };
  const { name, numbers, contended, maxPaths, map } = checked.value as Omit<SourceConfig, 'type' | 'options'>;
  const { expireAfter } = checked.value as WrittenExpiry;
  const sealed = new Secret(options.value as Readonly<Record<string, unknown>>);
  const source = {
    name,
    type: chosen.name,
    connector,
    options: sealed,
    format,
    numbers,
    contended,
    maxPaths,
    atomic,
    expireAfterMs: parseDuration(expireAfter),
    map,
    schemaRegistry: schemaRegistry && resolveSchemaRegistry(schemaRegistry),
    deadLetters: resolveDeadLetters(deadLetters, origin, folder),
  };
  const whole = { ...(checked.value as object), format, atomic, [key]: options.value };
  return { ...broken, source, connector, written: whole, problems };
}

interface WrittenBlocks extends Pick<SourceConfig, 'format'> {
  readonly schemaRegistry?: WrittenSchemaRegistry;
  readonly deadLetters: WrittenDeadLetters;
}

/** A key is what the connector makes of it, where nothing else is said. */
function formatOf(
  item: object,
  { format }: WrittenBlocks,
  { keyFormat }: SourceType<unknown>,
): SourceConfig['format'] {
  const written: unknown = 'format' in item ? item.format : undefined;
  const saysKey = typeof written === 'object' && written !== null && 'key' in written;
  return saysKey || keyFormat === undefined ? format : { ...format, key: keyFormat };
}

/** Where nothing is said of it, it is as the connector has it. */
function atomicOf(
  item: object,
  { atomic }: Pick<SourceConfig, 'atomic'>,
  { transactions = false, atomicByDefault = false }: SourceType<unknown>,
): boolean {
  return 'atomic' in item ? atomic : transactions && atomicByDefault;
}

function atomicProblems(
  atomic: boolean,
  { type, transactions = false }: SourceType<unknown>,
  { path, where }: { readonly path: KeyPath; readonly where: string },
): Problem[] {
  if (!atomic || transactions) return [];
  const message = `${where}.atomic: ${type} does not tell which records belong to one transaction; leave it out`;
  return [problem('bad-value', [...path, 'atomic'], message)];
}

interface WrittenExpiry {
  readonly expireAfter?: string | number;
}

/** Also below a `type` that could not be loaded, by names alone. */
function connectorSecrets(
  item: object,
  given: readonly ChosenConnector[],
  { path, interpolated }: { readonly path: KeyPath; readonly interpolated: Interpolated },
): Problem[] {
  const schemas = new Map<string, JsonSchema>([['options', {}]]);
  for (const { key, connector } of given) schemas.set(key, connector.options);
  return [...schemas].flatMap(([key, schema]) =>
    inlineSecrets(schema, (item as Readonly<Record<string, unknown>>)[key], {
      path: [...path, key],
      interpolated,
    }),
  );
}

function blockSecrets(
  item: object,
  { path, interpolated }: { readonly path: KeyPath; readonly interpolated: Interpolated },
): Problem[] {
  const blocks = { schemaRegistry: SCHEMA_REGISTRY_SCHEMA, deadLetters: DEAD_LETTERS_SCHEMA };
  return Object.entries(blocks).flatMap(([key, schema]) =>
    inlineSecrets(schema, (item as Readonly<Record<string, unknown>>)[key], {
      path: [...path, key],
      interpolated,
    }),
  );
}

function wellFormedRules(item: unknown, path: KeyPath, problems: readonly Problem[]): PlacedRule[] {
  const rules: unknown = typeof item === 'object' && item !== null && 'map' in item ? item.map : undefined;
  if (!Array.isArray(rules)) return [];
  const placed = rules.map((rule, index) => ({ path: [...path, index], rule: rule as MapRule }));
  return placed.filter(
    (rule) => !problems.some((fault) => fault.path !== null && isUnder(rule.path, fault.path)),
  );
}

function isUnder(parent: KeyPath, path: KeyPath): boolean {
  return parent.every((step, index) => step === path[index]);
}

/** The schema of an item with a key for every connector; what stands below that is checked apart. */
function withConnectors(types: ConnectorTypes): JsonSchema {
  const known = schemas.get(types);
  if (known !== undefined) return known;
  const connectors = Object.fromEntries(types.map(({ type }) => [type, true]));
  const properties = { ...(SOURCE_SCHEMA['properties'] as object), ...connectors };
  const schema = { ...SOURCE_SCHEMA, properties };
  schemas.set(types, schema);
  return schema;
}
const schemas = new WeakMap<ConnectorTypes, JsonSchema>();

/** Passwords and the like that stand in the file itself. The schema says `writeOnly`, or the name does. */
function inlineSecrets(
  schema: JsonSchema,
  value: unknown,
  place: { readonly path: KeyPath; readonly interpolated: Interpolated },
): Problem[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const step = Array.isArray(value) ? Number(key) : key;
    const path = [...place.path, step];
    const below = schemaOfMember(schema, step);
    const isSensitive = below['writeOnly'] === true || isSecretName(key);
    if (!isSensitive || typeof child !== 'string') return inlineSecrets(below, child, { ...place, path });
    if (isHarmless(below, child)) return [];
    const pointer = pointerOf(path);
    if (place.interpolated.resolved.has(pointer) || place.interpolated.placeholders.has(pointer)) return [];
    const message = `${key} does not belong in this file; write { env: NAME } or { file: PATH }, and make a new one`;
    return [{ ...problem('secret-inline', path, message), conceal: true }];
  });
}

/** `harmless`: the form of text that holds no secret, though the place may: a URL without a password. */
function isHarmless({ harmless }: JsonSchema, text: string): boolean {
  return typeof harmless === 'string' && new RegExp(harmless).test(text);
}

function duplicateNames(items: readonly unknown[]): Problem[] {
  const seen = new Set<unknown>();
  return items.flatMap((item, index) => {
    const name: unknown = typeof item === 'object' && item !== null && 'name' in item ? item.name : undefined;
    if (typeof name !== 'string') return [];
    if (seen.has(name))
      return [
        problem('duplicate-name', ['sources', index, 'name'], `another source is called ${name} already`),
      ];
    seen.add(name);
    return [];
  });
}

function problem(code: FindingCode, path: KeyPath, message: string): Problem {
  return { severity: 'error', code, path, message };
}
