// Resolves `sources`: each item's own options, the options of its connector, and what the sources may not have in common.

import type { SourceType } from '../../connectors/contract.js';
import { isSecretName } from '../telemetry/scrub.js';
import type { MapRule } from '../map/rule.js';
import type { SourceConfig } from './config.js';
import type { KeyPath } from './document.js';
import { pathText, type FindingCode, type Problem } from './finding.js';
import { isUnknown, pointerOf, type Interpolated } from './interpolation.js';
import { checkAgainst } from './schema-check.js';
import { schemaOfMember, SOURCE_SCHEMA, type JsonSchema } from './schemas.js';
import { Secret } from './secret.js';

/** The connectors that there are, as connectors/registry.ts has them. */
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
  /** The same as one would write it, defaults filled in. */
  readonly written?: unknown;
}

export interface PlacedRule {
  readonly path: KeyPath;
  readonly rule: MapRule;
}

export function readSources(
  root: Readonly<Record<string, unknown>>,
  types: ConnectorTypes,
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
    const read = readSource(item, { index, where: pathText(['sources', index], root), types, interpolated });
    problems.push(...read.problems);
    sources.push(read);
  }
  return { sources, problems: [...problems, ...duplicateNames(written)] };
}

interface ItemContext {
  readonly index: number;
  readonly where: string;
  readonly types: ConnectorTypes;
  readonly interpolated: Interpolated;
}

function readSource(
  item: unknown,
  context: ItemContext,
): ReadSource & { readonly problems: readonly Problem[] } {
  const { index, where, types, interpolated } = context;
  const path: KeyPath = ['sources', index];
  const checked = checkAgainst(withConnectors(types), item, { path, where, interpolated });
  const rules = wellFormedRules(checked.value, [...path, 'map'], checked.problems).filter(
    (rule) => !isUnknown(interpolated, rule.path),
  );
  const broken = { path, where, rules, source: undefined };
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return { ...broken, problems: checked.problems };

  const given = types.filter(({ type }) => Object.hasOwn(item, type));
  const [connector] = given;
  const misspelt = checked.problems.some(({ suggestion }) => types.some(({ type }) => type === suggestion));
  const problems = [...checked.problems, ...choiceProblems(given, { ...context, path, misspelt })];
  for (const { type, options } of given) {
    const below = (item as Readonly<Record<string, unknown>>)[type];
    problems.push(...inlineSecrets(options, below, { path: [...path, type], interpolated }));
  }
  if (connector === undefined || given.length > 1) return { ...broken, problems };

  const written = (checked.value as Readonly<Record<string, unknown>>)[connector.type];
  const optionsPath = [...path, connector.type];
  const options = checkAgainst(connector.options, written, {
    path: optionsPath,
    where: `${where}.${connector.type}`,
    interpolated,
  });
  problems.push(...options.problems);
  if (problems.length > 0) return { ...broken, problems };
  const { name, format, numbers, contended, map } = checked.value as Omit<SourceConfig, 'type' | 'options'>;
  const sealed = new Secret(options.value as Readonly<Record<string, unknown>>);
  const source = { name, type: connector.type, options: sealed, format, numbers, contended, map };
  const whole = { ...(checked.value as object), [connector.type]: options.value };
  return { ...broken, source, written: whole, problems };
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

function choiceProblems(
  given: ConnectorTypes,
  { path, where, types, misspelt }: ItemContext & { readonly path: KeyPath; readonly misspelt: boolean },
): Problem[] {
  if (given.length === 1 || (given.length === 0 && misspelt)) return [];
  if (given.length === 0) {
    const names = types.map(({ type }) => type).join(', ');
    return [problem('no-connector', path, `${where} does not say what it reads from; add one of: ${names}`)];
  }
  const names = given.map(({ type }) => type);
  const message = `${where} reads from ${names.join(' and from ')}; make it one source each`;
  return [{ ...problem('two-connectors', [...path, names[1] ?? ''], message), part: 'key' }];
}

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
    const pointer = pointerOf(path);
    if (place.interpolated.resolved.has(pointer) || place.interpolated.placeholders.has(pointer)) return [];
    const message = `${key} does not belong in this file; write { env: NAME } or { file: PATH }, and make a new one`;
    return [{ ...problem('secret-inline', path, message), conceal: true }];
  });
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
