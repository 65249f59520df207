// The resolved configuration for people and scripts: every value with its origin, secrets redacted. What is printed is a
// configuration again, but for the secrets.

import { Document, type Node } from 'yaml';
import type { KeyPath } from './document.js';
import { isPlainName } from './picture.js';
import type { Origins } from './origins.js';
import { AUTH_SCHEMA, schemaOfMember, SOURCE_SCHEMA, type JsonSchema } from './schemas.js';
import type { ConnectorTypes } from './sources.js';
import { isSecretName, scrubText } from '../telemetry/scrub.js';

const REDACTED = '[redacted]';

export interface PrintedValue {
  /** `sources.quotes.kafka.brokers`: sources by name, items of other lists by index. */
  readonly key: string;
  /** A scalar, a list of scalars, an empty collection, or `{ env: NAME }` while it is not known. */
  readonly value: unknown;
  /** `default`, `tailrace.yaml:12`, `env NAME` or `file PATH`. */
  readonly origin: string;
}

interface Leaf {
  readonly path: KeyPath;
  readonly value: unknown;
  readonly origin: string;
}

/** One entry per value, in the order of docs/config.md. */
export function printedValues(origins: Origins, types: ConnectorTypes): PrintedValue[] {
  const root = origins.reveal();
  return leavesOf(origins, types).map(({ path, value, origin }) => ({
    key: keyText(path, root),
    value,
    origin,
  }));
}

/** YAML, each value with its origin behind it; a newline at the end. */
export function printedYaml(origins: Origins, types: ConnectorTypes): string {
  const document = new Document({});
  for (const { path, value, origin } of leavesOf(origins, types)) {
    const node = document.createNode(value, { flow: true });
    node.comment = ` ${origin}`;
    put(document, path, node);
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** Makes the collections on the way, so that a list begins where a step is an index. */
function put(document: Document, path: KeyPath, node: Node): void {
  for (const [depth, step] of path.entries()) {
    const at = path.slice(0, depth);
    if (depth > 0 && document.getIn(at) === undefined)
      document.setIn(at, document.createNode(typeof step === 'number' ? [] : {}));
  }
  document.setIn(path, node);
}

function leavesOf(origins: Origins, types: ConnectorTypes): Leaf[] {
  const visit = (value: unknown, path: KeyPath): Leaf[] => {
    const reference = origins.referenceAt(path);
    if (reference !== undefined) return [{ path, value: reference, origin: origins.originOf(path) }];
    const items = Array.isArray(value) ? itemsOf(value, path, origins) : undefined;
    if (items !== undefined) return [items];
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0)
      return [{ path, value: shown(value, path, { origins, types }), origin: origins.originOf(path) }];
    return Object.entries(value).flatMap(([key, below]) =>
      visit(below, [...path, Array.isArray(value) ? Number(key) : key]),
    );
  };
  return visit(origins.reveal(), []);
}

/** A list of scalars that come from one place is one value. */
function itemsOf(list: readonly unknown[], path: KeyPath, origins: Origins): Leaf | undefined {
  if (list.some((item) => typeof item === 'object' && item !== null)) return undefined;
  const places = list.map((_, index) => origins.originOf([...path, index]));
  const isOfOnePlace = places.every((place) => !/^(env|file) /.test(place)); // a list is all default, or all in the file
  return isOfOnePlace
    ? { path, value: list.map(withoutUserInfo), origin: origins.originOf(path) }
    : undefined;
}

interface Schemas {
  readonly origins: Origins;
  readonly types: ConnectorTypes;
}

function shown(value: unknown, path: KeyPath, schemas: Schemas): unknown {
  return isSecret(path, schemas) ? REDACTED : withoutUserInfo(value);
}

function withoutUserInfo(value: unknown): unknown {
  return typeof value === 'string' ? scrubText(value) : value;
}

/** By its schema, or by its name. */
function isSecret(path: KeyPath, schemas: Schemas): boolean {
  return path.some((step) => typeof step === 'string' && isSecretName(step)) || isWriteOnly(path, schemas);
}

function isWriteOnly([section, ...path]: KeyPath, { origins, types }: Schemas): boolean {
  const isOfConnector = path[1] === 'options' || types.some(({ type }) => type === path[1]);
  const options = isOfConnector ? origins.optionsOfSource(Number(path[0])) : undefined;
  const found: readonly [JsonSchema, KeyPath] | undefined =
    section === 'auth'
      ? [AUTH_SCHEMA, path]
      : section === 'sources'
        ? options === undefined
          ? [SOURCE_SCHEMA, path.slice(1)]
          : [options, path.slice(2)]
        : undefined;
  if (found === undefined) return false;
  const [schema, steps] = found;
  return steps.reduce(schemaOfMember, schema)['writeOnly'] === true;
}

function keyText(path: KeyPath, root: unknown): string {
  let text = '';
  let node = root;
  for (const step of path) {
    node = (node as Readonly<Record<string | number, unknown>>)[step];
    const name =
      path[0] === 'sources' && text === 'sources' ? (node as { readonly name: string }).name : step;
    if (typeof name === 'number') text += `[${name}]`;
    else if (isPlainName(name)) text += text === '' ? name : `.${name}`;
    else text += `[${JSON.stringify(name)}]`;
  }
  return text;
}
