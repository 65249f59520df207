// Mapping rules as configured -> a Mapping, or every mistake in them at once, each with its place and what to do.

import {
  compileCondition,
  compileExpression,
  type Compiled,
  type Condition,
  type ExpressionSetting,
} from '../expression/cel.js';
import { StepBudget } from '../expression/steps.js';
import { ElementCursor } from './elements.js';
import { Mapping, type CompiledRule, type ComputedMember, type DocumentChange } from './mapping.js';
import { parseMemberPointer } from './member-pointer.js';
import type { Names, Projection } from './projection.js';
import {
  DEFAULT_MAPPING_LIMITS,
  ELEMENT_PARTS,
  RECORD_PARTS,
  type MappingLimits,
  type MapRule,
  type RecordPart,
  type RuleMistake,
} from './rule.js';
import { significanceOf, type Significance } from './significance.js';
import { compileTemplate, type Template } from './template.js';

export type CompiledMapping =
  | { readonly ok: true; readonly mapping: Mapping }
  | { readonly ok: false; readonly mistakes: readonly RuleMistake[] };

/** Compiles the rules of one source. */
export function compileMapping(
  rules: readonly MapRule[],
  limits: MappingLimits = DEFAULT_MAPPING_LIMITS,
): CompiledMapping {
  const compiler = new RuleCompiler(limits);
  const compiled = rules.map((rule, index) => compiler.compile(rule, index));
  if (rules.length === 0) compiler.mistake([], 'has no rule: without one no record becomes a value');
  return compiler.mistakes.length === 0
    ? { ok: true, mapping: compiler.mapping(compiled) }
    : { ok: false, mistakes: compiler.mistakes };
}

type Place = readonly (string | number)[];

/** Stands for what has a mistake, so that compiling goes on and finds the others. */
const NO_TEMPLATE: Template = {
  segments: [],
  pattern: '' as Template['pattern'],
  reads: new Set(),
  isPlain: false,
};

/** Invariant: a field of key, value or element that is read several times has one slot. */
class RuleCompiler {
  readonly mistakes: RuleMistake[] = [];
  readonly fields: { key: Names[]; value: Names[] } = { key: [], value: [] };
  readonly reads = new Set<RecordPart>(['value']);
  readonly steps = new StepBudget();
  readonly limits: MappingLimits;
  #rule = 0;
  /** Of the rule that is being compiled. */
  #isPerElement = false;
  #elementFields: Names[] = [];

  constructor(limits: MappingLimits) {
    this.limits = limits;
  }

  compile(rule: MapRule, index: number): CompiledRule {
    this.#rule = index;
    this.#isPerElement = rule.each !== undefined;
    this.#elementFields = [];
    return {
      template: this.#template(rule.path),
      each: this.#each(rule.each),
      when: this.#condition(rule.when, 'when'),
      deleteWhen: this.#condition(rule.deleteWhen, 'deleteWhen'),
      change: this.#change(rule.value),
      significance: this.#significance(rule),
    };
  }

  mapping(rules: readonly CompiledRule[]): Mapping {
    const { fields, reads, steps, limits } = this;
    return new Mapping({ rules, fields, reads, steps, limits });
  }

  mistake(at: Place, message: string, column = 1): void {
    this.mistakes.push({ rule: this.#rule, at, column, message });
  }

  #template(text: string): Template {
    const parts = this.#isPerElement ? ELEMENT_PARTS : RECORD_PARTS;
    const compiled = compileTemplate(text, (part, names) => this.#slot(part, names), parts);
    if ('segments' in compiled) {
      for (const part of compiled.reads) this.reads.add(part);
      return compiled;
    }
    for (const { column, message } of compiled) this.mistake(['path'], message, column);
    return NO_TEMPLATE;
  }

  #slot(part: 'key' | 'value' | 'item', names: Names): number {
    const wanted = part === 'item' ? this.#elementFields : this.fields[part];
    const known = wanted.findIndex(
      (each) => each.length === names.length && each.every((name, i) => name === names[i]),
    );
    return known >= 0 ? known : wanted.push(names) - 1;
  }

  /** After the template, which says what it reads of the elements. */
  #each(pointer: string | undefined): CompiledRule['each'] {
    if (pointer === undefined) return undefined;
    const names = pointer === '' ? [] : this.#pointer(pointer, ['each']);
    return { names, cursor: new ElementCursor(this.#elementFields) };
  }

  #condition(text: string | undefined, at: 'when' | 'deleteWhen'): Condition | undefined {
    if (text === undefined) return undefined;
    const compiled = compileCondition(text, this.#setting());
    return this.#accepted(compiled, [at]);
  }

  #computed(members: Readonly<Record<string, string>> = {}): ComputedMember[] {
    return Object.entries(members).flatMap(([pointer, text]) => {
      const at = ['value', 'set', pointer];
      const to = this.#pointer(pointer, at);
      const setting = { ...this.#setting(), bigIntegers: this.limits.numbers };
      const expression = this.#accepted(compileExpression(text, setting), at);
      return expression === undefined ? [] : [{ to, expression }];
    });
  }

  #setting(): ExpressionSetting {
    return this.#isPerElement
      ? { variables: ELEMENT_PARTS, steps: this.steps, runs: 'per element' }
      : { variables: RECORD_PARTS, steps: this.steps, runs: 'per record' };
  }

  #accepted<T extends { readonly reads: ReadonlySet<string> }>(
    compiled: Compiled<T>,
    at: Place,
  ): T | undefined {
    if (compiled.ok) {
      for (const part of RECORD_PARTS) if (compiled.compiled.reads.has(part)) this.reads.add(part);
      return compiled.compiled;
    }
    const { message, column, unknown } = compiled.fault;
    const isOfElement = ELEMENT_PARTS.some((part) => part === unknown);
    this.mistake(at, isOfElement ? `"${unknown}" is there under "each" only` : message, column);
    return undefined;
  }

  #change(value: MapRule['value'] = {}): DocumentChange | undefined {
    const { pick, omit, rename } = value;
    const isProjected = (pick ?? omit ?? rename) !== undefined;
    const projection = isProjected ? this.#projection(value) : undefined;
    const computed = this.#computed(value.set);
    return isProjected || computed.length > 0 ? { projection, computed } : undefined;
  }

  #projection(value: NonNullable<MapRule['value']>): Projection {
    const rename = Object.entries(value.rename ?? {}).map(([from, to]) => ({
      from: this.#pointer(from, ['value', 'rename', from]),
      to: this.#pointer(to, ['value', 'rename', from]),
    }));
    return {
      pick: value.pick?.map((pointer, i) => this.#pointer(pointer, ['value', 'pick', i])),
      omit: (value.omit ?? []).map((pointer, i) => this.#pointer(pointer, ['value', 'omit', i])),
      rename,
    };
  }

  #significance({ ignore = [], deadband = [] }: MapRule): Significance | undefined {
    if (ignore.length === 0 && deadband.length === 0) return undefined;
    for (const [i, { within }] of deadband.entries()) {
      if (!(within >= 0 && Number.isFinite(within)))
        this.mistake(['deadband', i, 'within'], 'must be a number from 0 up');
    }
    return significanceOf(
      ignore.map((pointer, i) => this.#pointer(pointer, ['ignore', i])),
      deadband.map(({ field, within }, i) => ({
        field: this.#pointer(field, ['deadband', i, 'field']),
        within,
      })),
    );
  }

  #pointer(pointer: string, at: Place): Names {
    const parsed = parseMemberPointer(pointer);
    if (parsed.ok) return parsed.names;
    this.mistake(at, parsed.message);
    return [];
  }
}
