// Which connector a source of the configuration is read by: one that Tailrace is built with, under the key of its type, or one
// from elsewhere, under `type` with its `options` beside.

import type { SourceType } from '../../connectors/contract.js';
import type { KeyPath } from './document.js';
import type { FindingCode, Problem } from './finding.js';
import { pointerOf, type Interpolated } from './interpolation.js';
import type { OutsideConnectors } from './outside-connectors.js';

export interface ChosenConnector {
  /** What people know it by: `kafka`, `./my-connector.mjs`. */
  readonly name: string;
  readonly connector: SourceType<unknown>;
  /** Under which its options stand. */
  readonly key: string;
  /** Named by `type`: its options may be left out. */
  readonly isOutside: boolean;
}

export interface ChoiceContext {
  readonly path: KeyPath;
  readonly where: string;
  readonly types: readonly SourceType<unknown>[];
  readonly outside: OutsideConnectors;
  readonly interpolated: Interpolated;
  /** A key of the item looks like a connector's, and that has been said. */
  readonly misspelt: boolean;
}

/** All that the item names; a source has one. `problems`: where it has none or several, or one that cannot be used. */
export function connectorsOf(
  item: object,
  context: ChoiceContext,
): { readonly given: readonly ChosenConnector[]; readonly problems: readonly Problem[] } {
  const { path, where, types, misspelt } = context;
  const builtIn = types
    .filter(({ type }) => Object.hasOwn(item, type))
    .map((connector) => ({ name: connector.type, connector, key: connector.type, isOutside: false }));
  const isOutside = 'type' in item;
  const outside = isOutside ? outsideOf(item.type, context) : { problems: [] };
  const given = [...builtIn, ...('chosen' in outside ? [outside.chosen] : [])];
  if (builtIn.length + (isOutside ? 1 : 0) > 1) {
    const names = [...builtIn.map(({ name }) => name), ...(isOutside ? ['type'] : [])];
    const message = `${where} reads from ${names.join(' and from ')}; make it one source each`;
    const twice: Problem = { ...problem('two-connectors', [...path, names[1] ?? ''], message), part: 'key' };
    return { given, problems: [twice, ...outside.problems] };
  }
  if (builtIn.length === 1 || isOutside || misspelt || 'options' in item)
    return { given, problems: outside.problems };
  const names = types.map(({ type }) => type).join(', ');
  const message = `${where} does not say what it reads from; add one of: ${names}`;
  return { given, problems: [problem('no-connector', path, message)] };
}

function outsideOf(
  type: unknown,
  { path, where, types, outside, interpolated }: ChoiceContext,
): { readonly chosen: ChosenConnector; readonly problems: readonly [] } | { readonly problems: Problem[] } {
  const at = [...path, 'type'];
  if (typeof type !== 'string' || type === '') return { problems: [] }; // the schema has said it
  if (interpolated.references.has(pointerOf(at))) {
    const message = `${where}.type is needed before variables and files are read; write the name itself`;
    return { problems: [problem('bad-value', at, message)] };
  }
  if (types.some((each) => each.type === type)) {
    const message = `${type} is built in: write the key ${type}: with its options below it, and leave type out`;
    return { problems: [problem('bad-value', at, message)] };
  }
  const found = outside.get(type);
  if (found === undefined)
    return { problems: [problem('connector-not-found', at, `${type} was not loaded`)] };
  if (found.kind === 'unusable') return { problems: [problem(found.code, at, found.message)] };
  const chosen = { name: type, connector: found.connector, key: 'options', isOutside: true };
  return { chosen, problems: [] };
}

function problem(code: FindingCode, path: KeyPath, message: string): Problem {
  return { severity: 'error', code, path, message };
}
