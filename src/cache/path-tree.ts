// The paths that exist, as a tree of segments: finds the entries that a filter matches without looking at the others.

import type { Filter } from '../topic/filter.js';
import type { TopicPath } from '../topic/path.js';

interface Node<T> {
  children: Map<string, Node<T>> | undefined;
  item: T | undefined;
}

/** Invariant: a node without an item has a child; so the tree holds no trace of paths that are gone. */
export class PathTree<T> {
  readonly #root: Node<T> = { children: undefined, item: undefined };

  set(path: TopicPath, item: T): void {
    let node = this.#root;
    for (const segment of path.split('/')) {
      node.children ??= new Map();
      let child = node.children.get(segment);
      if (child === undefined) {
        child = { children: undefined, item: undefined };
        node.children.set(segment, child);
      }
      node = child;
    }
    node.item = item;
  }

  delete(path: TopicPath): void {
    remove(this.#root, path.split('/'), 0);
  }

  /** Every item whose path the filter matches, in no particular order. */
  match(filter: Filter): T[] {
    const found: T[] = [];
    collect(this.#root, filter.split('/'), 0, found);
    return found;
  }
}

/** Returns whether the node may be dropped by its parent. */
function remove<T>(node: Node<T>, segments: readonly string[], depth: number): boolean {
  const segment = segments[depth];
  if (segment === undefined) {
    node.item = undefined;
  } else {
    const child = node.children?.get(segment);
    if (child === undefined || node.children === undefined) return false;
    if (remove(child, segments, depth + 1)) node.children.delete(segment);
    if (node.children.size === 0) node.children = undefined;
  }
  return node.item === undefined && node.children === undefined;
}

function collect<T>(node: Node<T>, wanted: readonly string[], depth: number, found: T[]): void {
  const segment = wanted[depth];
  if (segment === undefined) {
    if (node.item !== undefined) found.push(node.item);
  } else if (segment === '**') {
    collectAll(node, found);
  } else if (segment === '*') {
    for (const child of node.children?.values() ?? []) collect(child, wanted, depth + 1, found);
  } else {
    const child = node.children?.get(segment);
    if (child !== undefined) collect(child, wanted, depth + 1, found);
  }
}

function collectAll<T>(node: Node<T>, found: T[]): void {
  if (node.item !== undefined) found.push(node.item);
  for (const child of node.children?.values() ?? []) collectAll(child, found);
}
