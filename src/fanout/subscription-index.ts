// Finds the audiences that a new path concerns. A tree of filter segments: the cost is the path's depth times the matching
// branches, not the number of filters. Asked at the birth of a path only, never per change.

import type { TopicPath } from '../topic/path.js';
import type { Audience } from './audience.js';

interface Node {
  readonly literal: Map<string, Node>;
  star: Node | undefined;
  /** Filters that end here. */
  readonly exact: Set<Audience>;
  /** Filters that end here with `**`. */
  readonly rest: Set<Audience>;
}

/** Invariant: every node but the root leads to an audience. */
export class SubscriptionIndex {
  readonly #root = newNode();

  add(audience: Audience): void {
    let node = this.#root;
    for (const segment of audience.filter.split('/')) {
      if (segment === '**') {
        node.rest.add(audience);
        return;
      }
      node = childOf(node, segment);
    }
    node.exact.add(audience);
  }

  remove(audience: Audience): void {
    prune(this.#root, audience.filter.split('/'), 0, audience);
  }

  /** Every audience whose filter matches the path. */
  match(path: TopicPath): Audience[] {
    const found: Audience[] = [];
    collect(this.#root, path.split('/'), 0, found);
    return found;
  }
}

function newNode(): Node {
  return { literal: new Map(), star: undefined, exact: new Set(), rest: new Set() };
}

function childOf(node: Node, segment: string): Node {
  if (segment === '*') return (node.star ??= newNode());
  let child = node.literal.get(segment);
  if (child === undefined) {
    child = newNode();
    node.literal.set(segment, child);
  }
  return child;
}

function collect(node: Node, segments: readonly string[], depth: number, found: Audience[]): void {
  for (const audience of node.rest) found.push(audience);
  const segment = segments[depth];
  if (segment === undefined) {
    for (const audience of node.exact) found.push(audience);
    return;
  }
  const literal = node.literal.get(segment);
  if (literal !== undefined) collect(literal, segments, depth + 1, found);
  if (node.star !== undefined) collect(node.star, segments, depth + 1, found);
}

/** Removes the audience below `node` and what leads nowhere then; says whether `node` itself leads nowhere. */
function prune(node: Node, segments: readonly string[], depth: number, audience: Audience): boolean {
  const segment = segments[depth];
  if (segment === undefined) {
    node.exact.delete(audience);
  } else if (segment === '**') {
    node.rest.delete(audience);
  } else if (segment === '*') {
    if (node.star !== undefined && prune(node.star, segments, depth + 1, audience)) node.star = undefined;
  } else {
    const child = node.literal.get(segment);
    if (child !== undefined && prune(child, segments, depth + 1, audience)) node.literal.delete(segment);
  }
  return node.literal.size === 0 && node.star === undefined && node.exact.size === 0 && node.rest.size === 0;
}
