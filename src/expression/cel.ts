// Conditions and expressions written in CEL, the Common Expression Language, over plain JSON values. The only importer of the CEL
// library. A condition ends in true, false or an error, and an error is never taken for false: what it means is the caller's to
// say. Refused when it is compiled is what has no bound (tree.ts): `matches` (a JavaScript regular expression, 27 characters of
// which can take 2 s) and comprehensions inside comprehensions (three of them over 200 items: 1.7 s). What runs for each item of
// a list counts its steps at run time (metering.ts), because the library does not.

import { Environment, ParseError, TypeError as CelTypeError, type ASTNode } from '@marcbachmann/cel-js';
import type { Json } from '../topic/json.js';
import { meteredText } from './metering.js';
import { jsonOfResult, type BigIntegers } from './result.js';
import type { StepBudget } from './steps.js';
import { countNodes, faultOfTree, hasComprehension, variablesIn, type ExpressionFault } from './tree.js';

export type { ASTNode };

/** What an expression may mention, and how it is run. */
export interface ExpressionSetting {
  readonly variables: readonly string[];
  /** Of the record that it is evaluated for; whoever begins a record begins this. */
  readonly steps: StepBudget;
  /** `per element`: for each of an array's elements, so that all that it does counts. */
  readonly runs: 'per record' | 'per element';
}

export type Variables = Readonly<Record<string, unknown>>;

/** The answer for one record. `error`: it read something that is not there, the types did not fit, or it cost too much. */
export type ConditionResult = true | false | 'error';

export interface Condition {
  readonly text: string;
  /** Variables that it mentions: what need not be made ready for it otherwise. */
  readonly reads: ReadonlySet<string>;
  /** Never throws. */
  evaluate(variables: Variables): ConditionResult;
}

export interface Expression {
  readonly text: string;
  readonly reads: ReadonlySet<string>;
  /** undefined: as `error` of a condition, or its result is no JSON. Never throws. */
  evaluate(variables: Variables): Json | undefined;
}

export type Compiled<T> =
  { readonly ok: true; readonly compiled: T } | { readonly ok: false; readonly fault: ExpressionFault };

const LIMITS = { maxAstNodes: 300, maxDepth: 20, maxListElements: 200, maxMapEntries: 100 };
/** For what {@link meteredText} writes: calls and brackets around every node. */
const METERED_LIMITS = { ...LIMITS, maxAstNodes: 3 * 300, maxDepth: 5 * 20 };
/** Types that no JSON has a form for, and what to write. Of the others it shows when there is a result. */
const UNPUBLISHABLE: Readonly<Record<string, string>> = {
  uint: 'write int(...) around it',
  bytes: 'write string(...) around it, or .base64() after it',
  'google.protobuf.Duration': 'write .getSeconds() or .getMilliseconds() after it',
  type: 'only values can be published',
};

/** Compiles a condition. Once, when the configuration is read. */
export function compileCondition(text: string, setting: ExpressionSetting): Compiled<Condition> {
  const compiled = compile(text, setting, faultOfConditionType);
  if (!compiled.ok) return compiled;
  const { program, reads } = compiled.compiled;
  const evaluate = (variables: Variables): ConditionResult => {
    try {
      const result = program(variables);
      return typeof result === 'boolean' ? result : 'error';
    } catch {
      return 'error';
    }
  };
  return { ok: true, compiled: { text, reads, evaluate } };
}

/** Compiles an expression whose results are published. Once, when the configuration is read. */
export function compileExpression(
  text: string,
  setting: ExpressionSetting & { readonly bigIntegers: BigIntegers },
): Compiled<Expression> {
  const compiled = compile(text, setting, faultOfPublishedType);
  if (!compiled.ok) return compiled;
  const { program, reads } = compiled.compiled;
  const evaluate = (variables: Variables): Json | undefined => {
    try {
      return jsonOfResult(program(variables), setting.steps, setting.bigIntegers);
    } catch {
      return undefined;
    }
  };
  return { ok: true, compiled: { text, reads, evaluate } };
}

interface Program {
  readonly program: (variables: Variables) => unknown;
  readonly reads: ReadonlySet<string>;
}

function compile(
  text: string,
  setting: ExpressionSetting,
  faultOfType: (type: string) => string | undefined,
): Compiled<Program> {
  try {
    const program = environmentOf(setting, LIMITS).parse(text);
    const fault = faultOfTree(program.ast) ?? faultOfCheck(program.check(), faultOfType);
    if (fault !== undefined) return { ok: false, fault };
    const isMetered = setting.runs === 'per element' || hasComprehension(program.ast);
    const reads = variablesIn(program.ast, setting.variables);
    return {
      ok: true,
      compiled: { program: isMetered ? metered(text, program.ast, setting) : program, reads },
    };
  } catch (error) {
    return { ok: false, fault: faultOfThrown(error) };
  }
}

function environmentOf({ variables }: ExpressionSetting, limits: typeof LIMITS): Environment {
  const environment = new Environment({ limits, homogeneousAggregateLiterals: false });
  for (const name of variables) environment.registerVariable(name, 'dyn');
  return environment;
}

/** The same expression, which counts what it does. */
function metered(text: string, tree: ASTNode, setting: ExpressionSetting): Program['program'] {
  const { steps, runs } = setting;
  const environment = environmentOf(setting, METERED_LIMITS)
    .registerFunction('cost(dyn): dyn', (value: unknown) => (steps.chargeValue(value), value), SYNC)
    .registerFunction(
      'costOfItems(dyn, int): dyn',
      (list: unknown, each: bigint) => (steps.chargeItems(list, Number(each)), list),
      SYNC,
    );
  const program = environment.parse(meteredText(text, tree, runs === 'per element' ? 'repeatedly' : 'once'));
  const checked = program.check();
  if (!checked.valid) throw checked.error ?? new Error('a metered expression is not valid');
  const nodes = countNodes(tree);
  return (variables): unknown => {
    steps.charge(nodes);
    return program(variables);
  };
}
const SYNC = { async: false };

function faultOfCheck(
  checked: ReturnType<ReturnType<Environment['parse']>['check']>,
  faultOfType: (type: string) => string | undefined,
): ExpressionFault | undefined {
  if (!checked.valid) return faultOfThrown(checked.error);
  const message = faultOfType(checked.type ?? 'unknown');
  return message === undefined ? undefined : { message, column: 1 };
}

function faultOfConditionType(type: string): string | undefined {
  if (type === 'bool' || type === 'dyn') return undefined;
  return `is of type ${type}, but a condition must be true or false`;
}

function faultOfPublishedType(type: string): string | undefined {
  const advice = UNPUBLISHABLE[type];
  return advice === undefined ? undefined : `is of type ${type}, which JSON has no form for: ${advice}`;
}

function faultOfThrown(error: unknown): ExpressionFault {
  if (error instanceof ParseError || error instanceof CelTypeError) {
    const column = (error.range?.start ?? 0) + 1;
    const unknown = error.code === 'unknown_variable' ? String(error.node?.args) : undefined;
    return { message: error.summary, column, unknown };
  }
  throw error;
}
