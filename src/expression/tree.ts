// What is looked at in the tree of an expression when it is compiled: which variables it reads, what in it has a cost without
// bound, and what could never work. Knows the shape of the library's nodes, and none of its code.

import type { ASTNode } from './cel.js';

/** What is wrong with an expression, and where: `column` counts from 1. */
export interface ExpressionFault {
  readonly message: string;
  readonly column: number;
  /** Name of a variable that there is not, if that is what is wrong. */
  readonly unknown?: string | undefined;
}

/** How often one text may be joined with another, or one list with another: each `+` may add as much as the record holds. */
const MAX_SUMS = 32;
const COMPREHENSIONS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);
/** Variables that are JSON, whose numbers are doubles; and those that are integers. */
const JSON_VARIABLES: ReadonlySet<string> = new Set(['value', 'key', 'item']);
const INTEGER_VARIABLES: ReadonlySet<string> = new Set(['partition', 'timestamp', 'index']);
/** Members with these names the library leaves out of a map, without a word. */
const LOST_NAMES: ReadonlySet<unknown> = new Set(['__proto__', 'constructor', 'prototype']);

/** The first thing in the tree that is refused. */
export function faultOfTree(root: ASTNode): ExpressionFault | undefined {
  let fault: ExpressionFault | undefined;
  let sums = 0;
  const bound = namesBound(root);
  walk(root, 0, (node, depth) => {
    if (node.op === '+') sums++;
    const problem =
      problemOfCall(callName(node), depth) ??
      problemOfParameters(node) ??
      (sums > MAX_SUMS ? `has more than ${MAX_SUMS} "+", whose result could be huge` : undefined) ??
      problemOfNumbers(node, bound) ??
      problemOfMap(node);
    if (problem !== undefined) fault ??= { message: problem, column: node.start + 1 };
  });
  return fault;
}

export function variablesIn(root: ASTNode, variables: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  walk(root, 0, (node) => {
    if (node.op === 'id' && variables.includes(node.args)) found.add(node.args);
  });
  return found;
}

/** Of the tree, as far as it is run once. */
export function countNodes(root: ASTNode): number {
  let nodes = 0;
  walk(root, 0, () => nodes++);
  return nodes;
}

export function hasComprehension(root: ASTNode): boolean {
  let has = false;
  walk(root, 0, (_, depth) => (has ||= depth > 0));
  return has;
}

/** `list.map(x, ...)` and its like: what runs for each item of a list. */
export function isComprehension(node: ASTNode): boolean {
  return node.op === 'rcall' && COMPREHENSIONS.has(node.args[0]) && node.args[2].length > 1;
}

/** Whether what the node gives is a number, or an error: of constant cost. */
export function isNumber(node: ASTNode): boolean {
  const kind = numberOf(node, NOTHING);
  return kind === 'double' || kind === 'int';
}
const NOTHING: ReadonlySet<string> = new Set([...JSON_VARIABLES, ...INTEGER_VARIABLES]);

/** Names that a comprehension gives to the items of its list. */
function namesBound(root: ASTNode): ReadonlySet<string> {
  const bound = new Set<string>();
  walk(root, 0, (node) => {
    const name = node.op === 'rcall' && isComprehension(node) ? node.args[2][0] : undefined;
    if (name?.op === 'id') bound.add(name.args);
  });
  return bound;
}

function problemOfCall(name: string | undefined, depth: number): string | undefined {
  if (name === 'matches')
    return 'calls matches(), whose cost has no bound; use ==, in, startsWith, endsWith or contains';
  if (name === 'bind')
    return 'calls cel.bind(), with which a short text can build a huge value; write the expression out';
  if (depth > 1)
    return `has ${name ?? 'a comprehension'}() inside another comprehension, whose cost has no bound`;
  return undefined;
}

/** What is bounded only while a parameter is written in the expression itself. */
function problemOfParameters(node: ASTNode): string | undefined {
  const name = callName(node);
  const last =
    node.op === 'call' ? node.args[1].at(-1) : node.op === 'rcall' ? node.args[2].at(-1) : undefined;
  if (name === 'json') return 'calls json(), which reads text without the checks that records go through';
  if (last === undefined || last.op === 'value') return undefined;
  if (name === 'duration')
    return 'calls duration() on data, whose cost has no bound; write the duration in quotes';
  if (name === 'join') return 'calls join() with a separator from the data, whose result could be huge';
  return undefined;
}

/** The commonest mistake: JSON has doubles only, CEL never mixes them with integers, and that shows with the first record only. */
function problemOfNumbers(node: ASTNode, bound: ReadonlySet<string>): string | undefined {
  if (!ARITHMETIC.has(node.op) || !isPair(node.args)) return undefined;
  const kinds = node.args.map((operand) => numberOf(operand, bound));
  if (node.op === '%' && kinds.some((kind) => kind === 'json' || kind === 'double'))
    return '% works on integers, and the numbers of a value are doubles: write int(value.x) % 2';
  if (!kinds.includes('int')) return undefined;
  if (kinds.includes('json'))
    return 'mixes an integer with a number of the value, which is a double: write 2.0 for 2, or int(value.x)';
  if (kinds.includes('double'))
    return 'mixes an integer with a double: write 2.0 for 2, or double(x) for an integer x';
  return undefined;
}

type NumberKind = 'int' | 'double' | 'json' | undefined;

/** What a node gives, as far as that is known before there is a record; `json`: anything but an integer. `bound`: names that mean something else. */
function numberOf(node: ASTNode, bound: ReadonlySet<string>): NumberKind {
  switch (node.op) {
    case 'value':
      return typeof node.args === 'bigint' ? 'int' : typeof node.args === 'number' ? 'double' : undefined;
    case 'id':
      if (bound.has(node.args)) return undefined;
      return INTEGER_VARIABLES.has(node.args) ? 'int' : JSON_VARIABLES.has(node.args) ? 'json' : undefined;
    case '.':
    case '[]':
      return numberOf(node.args[0], bound) === 'json' ? 'json' : undefined;
    case '-_':
      return numberOf(node.args, bound);
    case '+':
    case '-':
    case '*':
    case '/':
      return kindOfSum(node.args.map((operand) => numberOf(operand, bound)));
    case 'call':
      return NUMBER_CALLS.get(node.args[0]);
    case 'rcall':
      return node.args[0] === 'size' ? 'int' : undefined;
    default:
      return undefined;
  }
}

const NUMBER_CALLS: ReadonlyMap<string, NumberKind> = new Map([
  ['int', 'int'],
  ['size', 'int'],
  ['double', 'double'],
]);

/** One sure number decides, because nothing but its own kind can be added to it. */
function kindOfSum(kinds: readonly NumberKind[]): NumberKind {
  if (kinds.includes('double')) return 'double';
  return kinds.includes('int') ? 'int' : undefined;
}

function problemOfMap(node: ASTNode): string | undefined {
  if (node.op !== 'map') return undefined;
  for (const [name] of node.args) {
    if (name.op !== 'value' || typeof name.args !== 'string')
      return 'makes a map whose names are not written in quotes; only those can be published';
    if (LOST_NAMES.has(name.args))
      return `makes a map with the member ${name.args}, which cannot be published`;
  }
  return undefined;
}

/** Visits every node with the number of comprehensions that run it, itself included. The list that one runs over is outside of it. */
function walk(node: ASTNode, outer: number, visit: (node: ASTNode, depth: number) => void): void {
  if (node.op !== 'rcall' || !isComprehension(node)) {
    visit(node, outer);
    for (const child of childrenOf(node.args)) walk(child, outer, visit);
    return;
  }
  visit(node, outer + 1);
  walk(node.args[1], outer, visit);
  for (const child of node.args[2]) walk(child, outer + 1, visit);
}

function childrenOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return isNode(args) ? [args] : [];
}

function isPair(args: unknown): args is [ASTNode, ASTNode] {
  return Array.isArray(args) && args.length === 2 && args.every(isNode);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function callName(node: ASTNode): string | undefined {
  return node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined;
}
