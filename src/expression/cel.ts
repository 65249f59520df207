// Conditions written in CEL, the Common Expression Language, over plain JSON values. The only importer of the CEL library.
// A condition ends in true, false or an error, and an error is never taken for false: what it means is the caller's to say.
// Kept out when a condition is compiled, because the library has no limit at run time: `matches` (a JavaScript regular
// expression, 27 characters of which can take 2 s) and comprehensions inside comprehensions (three of them over 200 items: 1.7 s).

import { Environment, ParseError, TypeError as CelTypeError, type ASTNode } from '@marcbachmann/cel-js';

/** The answer for one record. `error`: it read something that is not there, or the types did not fit; `reason` has no payload. */
export type ConditionResult = true | false | 'error';

export interface Condition {
  readonly text: string;
  /** Variables that it mentions: what need not be made ready for it otherwise. */
  readonly reads: ReadonlySet<string>;
  /** Never throws. */
  evaluate(variables: Readonly<Record<string, unknown>>): ConditionResult;
}

/** What is wrong with a condition, and where: `column` counts from 1. */
export interface ConditionFault {
  readonly message: string;
  readonly column: number;
}

export type CompiledCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly fault: ConditionFault };

const LIMITS = { maxAstNodes: 300, maxDepth: 20, maxListElements: 200, maxMapEntries: 100 };
const COMPREHENSIONS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Compiles `text`, which may mention `variables` only. Once, when the configuration is read. */
export function compileCondition(text: string, variables: readonly string[]): CompiledCondition {
  const environment = new Environment({ limits: LIMITS, homogeneousAggregateLiterals: false });
  for (const name of variables) environment.registerVariable(name, 'dyn');
  try {
    const program = environment.parse(text);
    const fault = faultOfTree(program.ast) ?? faultOfTypes(program.check());
    if (fault !== undefined) return { ok: false, fault };
    return { ok: true, condition: conditionOf(text, program, variablesIn(program.ast, variables)) };
  } catch (error) {
    return { ok: false, fault: faultOfThrown(error) };
  }
}

function conditionOf(
  text: string,
  program: (variables: Record<string, unknown>) => unknown,
  reads: ReadonlySet<string>,
): Condition {
  return {
    text,
    reads,
    evaluate(variables) {
      try {
        const result = program(variables);
        return typeof result === 'boolean' ? result : 'error';
      } catch {
        return 'error';
      }
    },
  };
}

function faultOfTypes(
  checked: ReturnType<ReturnType<Environment['parse']>['check']>,
): ConditionFault | undefined {
  if (!checked.valid) return faultOfThrown(checked.error);
  if (checked.type === 'bool' || checked.type === 'dyn') return undefined;
  return {
    message: `is of type ${checked.type ?? 'unknown'}, but a condition must be true or false`,
    column: 1,
  };
}

function faultOfThrown(error: unknown): ConditionFault {
  if (error instanceof ParseError || error instanceof CelTypeError) {
    return { message: error.summary, column: (error.range?.start ?? 0) + 1 };
  }
  throw error;
}

function faultOfTree(root: ASTNode): ConditionFault | undefined {
  let fault: ConditionFault | undefined;
  walk(root, 0, (node, depth) => {
    const problem = problemOfCall(callName(node), depth);
    if (problem !== undefined) fault ??= { message: problem, column: node.start + 1 };
  });
  return fault;
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

function variablesIn(root: ASTNode, variables: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  walk(root, 0, (node) => {
    if (node.op === 'id' && variables.includes(node.args)) found.add(node.args);
  });
  return found;
}

/** Visits every node with the number of comprehensions that run it, itself included. The list that one runs over is outside of it. */
function walk(node: ASTNode, outer: number, visit: (node: ASTNode, depth: number) => void): void {
  if (node.op !== 'rcall' || !isComprehension(node.args)) {
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

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function callName(node: ASTNode): string | undefined {
  return node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined;
}

function isComprehension([name, , parameters]: [string, ASTNode, ASTNode[]]): boolean {
  return COMPREHENSIONS.has(name) && parameters.length > 1;
}
