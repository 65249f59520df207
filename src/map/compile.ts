// Mapping rules as configured -> a Mapping, or every mistake in them at once, each with its place and what to do.

import { compileCondition, type Condition } from '../expression/cel.js';
import { Mapping, type CompiledRule } from './mapping.js';
import { parseMemberPointer } from './member-pointer.js';
import type { Names, Projection } from './projection.js';
import { RECORD_PARTS, type MapRule, type RecordPart, type RuleMistake } from './rule.js';
import { significanceOf, type Significance } from './significance.js';
import { compileTemplate, type Template } from './template.js';

export type CompiledMapping =
  | { readonly ok: true; readonly mapping: Mapping }
  | { readonly ok: false; readonly mistakes: readonly RuleMistake[] };

/** Compiles the rules of one source. */
export function compileMapping(rules: readonly MapRule[]): CompiledMapping {
  const compiler = new RuleCompiler();
  const compiled = rules.map((rule, index) => compiler.compile(rule, index));
  if (rules.length === 0) compiler.mistake([], 'has no rule: without one no record becomes a value');
  return compiler.mistakes.length === 0
    ? { ok: true, mapping: new Mapping(compiled, compiler.fields, compiler.reads) }
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

/** Invariant: a field of key or value that several rules read has one slot. */
class RuleCompiler {
  readonly mistakes: RuleMistake[] = [];
  readonly fields: { key: Names[]; value: Names[] } = { key: [], value: [] };
  readonly reads = new Set<RecordPart>(['value']);
  #rule = 0;

  compile(rule: MapRule, index: number): CompiledRule {
    this.#rule = index;
    return {
      template: this.#template(rule.path),
      when: this.#condition(rule.when, 'when'),
      deleteWhen: this.#condition(rule.deleteWhen, 'deleteWhen'),
      projection: this.#projection(rule.value),
      significance: this.#significance(rule),
    };
  }

  mistake(at: Place, message: string, column = 1): void {
    this.mistakes.push({ rule: this.#rule, at, column, message });
  }

  #template(text: string): Template {
    const compiled = compileTemplate(text, (part, names) => this.#slot(part, names));
    if ('segments' in compiled) {
      for (const part of compiled.reads) this.reads.add(part);
      return compiled;
    }
    for (const { column, message } of compiled) this.mistake(['path'], message, column);
    return NO_TEMPLATE;
  }

  #slot(part: 'key' | 'value', names: Names): number {
    const wanted = this.fields[part];
    const known = wanted.findIndex(
      (each) => each.length === names.length && each.every((name, i) => name === names[i]),
    );
    return known >= 0 ? known : wanted.push(names) - 1;
  }

  #condition(text: string | undefined, at: 'when' | 'deleteWhen'): Condition | undefined {
    if (text === undefined) return undefined;
    const compiled = compileCondition(text, RECORD_PARTS);
    if (!compiled.ok) {
      this.mistake([at], compiled.fault.message, compiled.fault.column);
      return undefined;
    }
    for (const part of RECORD_PARTS) if (compiled.condition.reads.has(part)) this.reads.add(part);
    return compiled.condition;
  }

  #projection(value: MapRule['value']): Projection | undefined {
    if (value === undefined) return undefined;
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
