// Writes an expression anew so that it counts its steps: where a part of it runs for each item of a list, `cost(x)` weighs what
// an operation of the library goes through from end to end, and `costOfItems(list, n)` the list itself. Everything in brackets,
// because the tree has none.

import type { ASTNode } from './cel.js';
import { countNodes, isComprehension, isNumber } from './tree.js';

/** How often the node runs for one value of the variables. */
type Runs = 'once' | 'repeatedly';

/** Operations whose cost grows with the smaller one of their operands, and those where it grows with either. */
const COMPARING: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const JOINING: ReadonlySet<string> = new Set(['+', 'in']);
/** Functions of constant cost, whatever they are given. */
const CONSTANT: ReadonlySet<string> = new Set(['int', 'uint', 'bool', 'timestamp', 'has', 'type', 'dyn']);

export function meteredText(source: string, root: ASTNode, runs: Runs): string {
  return new Printer(source).print(root, runs);
}

/** Invariant: what it prints means what the tree means, but for the calls that count. */
class Printer {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  print(node: ASTNode, runs: Runs): string {
    switch (node.op) {
      case 'value':
        return this.#source.slice(node.start, node.end);
      case 'id':
        return node.args;
      case '.':
        return `${this.print(node.args[0], runs)}.${node.args[1]}`;
      case '[]':
        return `${this.print(node.args[0], runs)}[${this.print(node.args[1], runs)}]`;
      case '!_':
        return `(!${this.print(node.args, runs)})`;
      case '-_':
        return `(-${this.print(node.args, runs)})`;
      case '?:': {
        const [condition, yes, no] = node.args.map((part) => this.print(part, runs));
        return `(${condition} ? ${yes} : ${no})`;
      }
      case 'list':
        return `[${node.args.map((item) => this.print(item, runs)).join(', ')}]`;
      case 'map':
        return `{${node.args.map(([name, item]) => `${this.print(name, runs)}: ${this.print(item, runs)}`).join(', ')}}`;
      case 'call':
        return this.#call(node.args, runs);
      case 'rcall':
        return isComprehension(node) ? this.#comprehension(node.args, runs) : this.#method(node.args, runs);
      case '.?':
      case '[?]':
        throw new Error('optional members are not switched on');
      default: {
        const [left, right] = node.args.map((part) =>
          isConstant(node) ? this.print(part, runs) : this.#weighed(part, runs),
        );
        return `(${left} ${node.op} ${right})`;
      }
    }
  }

  #call([name, parameters]: [string, ASTNode[]], runs: Runs): string {
    const printed = parameters.map((part) =>
      CONSTANT.has(name) ? this.print(part, name === 'has' ? 'once' : runs) : this.#weighed(part, runs),
    );
    return `${name}(${printed.join(', ')})`;
  }

  #method([name, receiver, parameters]: [string, ASTNode, ASTNode[]], runs: Runs): string {
    const printed = parameters.map((part) => this.#weighed(part, runs));
    return `${this.#weighed(receiver, runs)}.${name}(${printed.join(', ')})`;
  }

  #comprehension([name, list, [variable, ...body]]: [string, ASTNode, ASTNode[]], runs: Runs): string {
    const steps = body.reduce((sum, part) => sum + countNodes(part), 1);
    const parts = body.map((part) => this.print(part, 'repeatedly'));
    const named = variable?.op === 'id' ? variable.args : '';
    return `costOfItems(${this.print(list, runs)}, ${steps}).${name}(${[named, ...parts].join(', ')})`;
  }

  /** Weighed before it is used: what has run out of steps must not do its work once more. */
  #weighed(node: ASTNode, runs: Runs): string {
    const printed = this.print(node, runs);
    return runs === 'once' || node.op === 'value' || isNumber(node) ? printed : `cost(${printed})`;
  }
}

/** Whether an operation with two operands takes as long whatever these are. */
function isConstant(node: Extract<ASTNode, { args: [ASTNode, ASTNode] }>): boolean {
  if (JOINING.has(node.op)) return isNumber(node);
  return !COMPARING.has(node.op) || node.args.some((part) => part.op === 'value' || isNumber(part));
}
