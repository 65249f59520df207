// What a YAML document may come to before anybody walks it: how deep it is, with its aliases followed, and how much the
// aliases multiply. A file of a few lines could otherwise fill the memory, or the stack. Also finds keys that stand twice,
// since the library takes quadratic time for that.

import { isAlias, isMap, isScalar, isSeq, type Alias, type CST, type YAMLMap } from 'yaml';
import type { SyntaxFault } from './document.js';

/** Deeper than any option, and than any value that `limits.maxDepth` lets through by default. */
const MAX_DEPTH = 100;
/** Nodes that aliases stand for, all together. */
const MAX_ALIASED_NODES = 100_000;

/** Whether the text nests so deeply that the library should not be given it: it recurses. Does not recurse itself. */
export function isTooDeep(tokens: readonly CST.Token[]): boolean {
  const waiting: { readonly token: CST.Token; readonly depth: number }[] = tokens.map((token) => ({
    token,
    depth: 0,
  }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return true;
    if (token.type === 'document' && token.value) waiting.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) {
      if (key) waiting.push({ token: key, depth: depth + 1 });
      if (value) waiting.push({ token: value, depth: depth + 1 });
    }
  }
  return false;
}

export const TOO_DEEP = `it is nested more than ${MAX_DEPTH} deep`;

interface Extent {
  readonly depth: number;
  readonly nodes: number;
}

/** Faults of a composed document whose text is not too deep. `mergeKeys`: several `<<` in one mapping are no fault. */
export function boundsFaults(
  root: unknown,
  { mergeKeys }: { readonly mergeKeys: boolean },
): readonly SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const anchored = new Map<string, Extent>();
  let aliasedNodes = 0;

  const extentOfAlias = (alias: Alias): Extent => {
    const extent = anchored.get(alias.source);
    if (extent === undefined) {
      faults.push(fault('bad-yaml', 'an alias stands for nothing that was written before it', alias));
      return { depth: 0, nodes: 1 };
    }
    aliasedNodes += extent.nodes;
    return extent;
  };
  const extentOf = (node: unknown): Extent => {
    if (isAlias(node)) return extentOfAlias(node);
    if (isMap(node)) faults.push(...twiceIn(node, mergeKeys));
    const below = childrenOf(node).map(extentOf);
    const extent = {
      depth: below.reduce((deepest, { depth }) => Math.max(deepest, depth + 1), 0),
      nodes: below.reduce((sum, { nodes }) => sum + nodes, 1),
    };
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) anchored.set(anchor, extent);
    return extent;
  };

  const { depth } = extentOf(root);
  if (depth > MAX_DEPTH) faults.push(fault('bad-yaml', TOO_DEEP, root));
  if (aliasedNodes > MAX_ALIASED_NODES)
    faults.push(fault('bad-yaml', `its aliases stand for more than ${MAX_ALIASED_NODES} values`, root));
  return faults;
}

/** What stands below a node. Keys that are no plain text are a fault of their own, which the library finds. */
function childrenOf(node: unknown): readonly unknown[] {
  if (isSeq(node)) return node.items;
  return isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : [];
}

function twiceIn(map: YAMLMap, mergeKeys: boolean): SyntaxFault[] {
  const seen = new Set<unknown>();
  return map.items.flatMap(({ key }) => {
    const name = isScalar(key) ? key.value : key;
    if (!seen.has(name) || (mergeKeys && name === '<<')) {
      seen.add(name);
      return [];
    }
    return [fault('duplicate-key', 'this key stands twice in one mapping', key)];
  });
}

function fault(code: SyntaxFault['code'], message: string, node: unknown): SyntaxFault {
  const range = isScalar(node) || isAlias(node) || isMap(node) || isSeq(node) ? node.range : undefined;
  const [start, end] = range ?? [0, 1];
  return { code, message, span: { start, end: Math.max(start + 1, end) } };
}
