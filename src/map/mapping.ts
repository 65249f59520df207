// Record -> updates: every rule that applies to a record gives one path and its new value, or all of them give nothing.
// Owns no state between records; which paths a key had before is src/ingest. How rules are compiled: compile.ts.

import type { Condition, Expression } from '../expression/cel.js';
import type { StepBudget } from '../expression/steps.js';
import { stringifyJson, type Json } from '../topic/json.js';
import type { Filter } from '../topic/filter.js';
import type { TopicPath } from '../topic/path.js';
import type { JsonText } from '../topic/utf8.js';
import { ConditionInput } from './condition-input.js';
import type { ElementCursor } from './elements.js';
import { givesPath } from './path-prediction.js';
import { project, withMember, type Names, type Projection } from './projection.js';
import type { MappedRecord } from './record.js';
import type { MapFault, MappingLimits, RecordPart } from './rule.js';
import type { Significance } from './significance.js';
import { fillTemplate, type Template } from './template.js';

/** A rule, compiled. */
export interface CompiledRule {
  readonly template: Template;
  readonly when: Condition | undefined;
  readonly deleteWhen: Condition | undefined;
  /** undefined: the document is published as it came. */
  readonly change: DocumentChange | undefined;
  /** undefined: every difference counts. */
  readonly significance: Significance | undefined;
  /** The array for each of whose elements the rule runs; undefined: it runs once. */
  readonly each: { readonly names: Names; readonly cursor: ElementCursor } | undefined;
}

/** How the document that is published differs from the one that came. */
export interface DocumentChange {
  readonly projection: Projection | undefined;
  /** In the order in which they are set. */
  readonly computed: readonly ComputedMember[];
}

export interface ComputedMember {
  readonly to: Names;
  readonly expression: Expression;
}

/** What one rule makes of a record. */
export interface MappedPath {
  readonly path: TopicPath;
  /** The path's new value; null: the record deletes the path. */
  readonly text: JsonText | null;
  /** Which differences from the path's last value count; undefined: all. */
  readonly significance: Significance | undefined;
}

/** Fields that the rules read of key and value; a decoder finds them, and a {@link MappedRecord} has their ranges in this order. */
export interface WantedFields {
  readonly key: readonly Names[];
  readonly value: readonly Names[];
}

/** What a mapping is made of; compile.ts makes it. */
export interface MappingParts {
  readonly rules: readonly CompiledRule[];
  readonly fields: WantedFields;
  readonly reads: ReadonlySet<RecordPart>;
  /** What the rules' expressions count their steps on. */
  readonly steps: StepBudget;
  readonly limits: MappingLimits;
}

/** From this many paths on, whether a path was given before is looked up. */
const MANY_PATHS = 16;

/** Invariant: one record at a time, never kept. */
export class Mapping {
  /** Patterns of all paths that the rules can make: two sources whose patterns intersect cannot stand side by side. */
  readonly patterns: readonly Filter[];
  readonly fields: WantedFields;
  /** Parts of the record on which the outcome depends. */
  readonly reads: ReadonlySet<RecordPart>;
  /** Index of the rule that gave the last fault. */
  faultyRule = 0;
  readonly #rules: readonly CompiledRule[];
  readonly #steps: StepBudget;
  readonly #hasExpressions: boolean;
  readonly #limits: MappingLimits;
  readonly #input = new ConditionInput();
  /** The record's paths, once there are many. */
  readonly #known = new Set<TopicPath>();

  constructor({ rules, fields, reads, steps, limits }: MappingParts) {
    this.#rules = rules;
    this.fields = fields;
    this.reads = reads;
    this.#steps = steps;
    this.#hasExpressions = rules.some((rule) => (rule.when ?? rule.deleteWhen ?? rule.change) !== undefined);
    this.#limits = limits;
    this.patterns = rules.map((rule) => rule.template.pattern);
  }

  /** Fills `paths` anew: empty when no rule applies. Given a fault, the record as a whole is rejected and `paths` means nothing. */
  map(record: MappedRecord, paths: MappedPath[]): MapFault | undefined {
    if (paths.length > 0) paths.length = 0;
    this.#input.take(record);
    if (this.#hasExpressions) this.#steps.begin();
    for (let index = 0; index < this.#rules.length; index++) {
      const rule = this.#rules[index];
      if (rule === undefined) break;
      const fault =
        rule.each === undefined
          ? this.#apply(rule, record, undefined, paths)
          : this.#applyToElements(rule, record, paths);
      if (fault === undefined) continue;
      this.faultyRule = index;
      return fault;
    }
    return undefined;
  }

  #applyToElements(rule: CompiledRule, record: MappedRecord, paths: MappedPath[]): MapFault | undefined {
    if (rule.each === undefined) return undefined;
    const { names, cursor } = rule.each;
    const found = cursor.find(record.value.text(), names);
    if (found === 'not-an-array') return found;
    if (found === 'nothing') return undefined;
    this.#input.takeArray(names);
    while (cursor.next()) {
      if (cursor.index >= this.#limits.elementsPerRecord) return 'too-many-elements';
      this.#input.takeElement(cursor.index);
      const fault = this.#apply(rule, record, cursor, paths);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** `element`: undefined for a rule that runs once. */
  #apply(
    rule: CompiledRule,
    record: MappedRecord,
    element: ElementCursor | undefined,
    paths: MappedPath[],
  ): MapFault | undefined {
    const applies = rule.when === undefined || this.#holds(rule.when);
    if (applies === 'error') return 'condition-failed';
    if (!applies) return undefined;
    const isDeleted = rule.deleteWhen !== undefined && this.#holds(rule.deleteWhen);
    if (isDeleted === 'error') return 'condition-failed';
    let path = record.expected;
    if (path === undefined || !givesPath(rule.template, record, path)) {
      const filled = fillTemplate(rule.template, record, element);
      if (!filled.ok) return filled.fault;
      path = filled.path;
    }
    if (this.#isGiven(path, paths)) return 'two-rules-one-path';
    let text: JsonText | null;
    if (isDeleted) text = null;
    else if (rule.change === undefined) text = (element ?? record.value).text();
    else {
      const changed = this.#changed(rule.change, record, element);
      if (!changed.ok) return changed.fault;
      text = changed.text;
    }
    paths.push({ path, text, significance: rule.significance });
    return undefined;
  }

  #isGiven(path: TopicPath, paths: readonly MappedPath[]): boolean {
    const known = this.#known;
    if (paths.length < MANY_PATHS) {
      for (let i = 0; i < paths.length; i++) if (paths[i]?.path === path) return true;
      return false;
    }
    if (paths.length === MANY_PATHS) known.clear();
    for (let i = known.size; i < paths.length; i++) {
      const given = paths[i];
      if (given !== undefined) known.add(given.path);
    }
    return known.has(path);
  }

  #holds(condition: Condition) {
    return condition.evaluate(this.#input.variables(condition.reads));
  }

  #changed(
    { projection, computed }: DocumentChange,
    record: MappedRecord,
    element: ElementCursor | undefined,
  ): Changed {
    let value: Json | undefined =
      element === undefined ? this.#input.value(record) : this.#input.element(record);
    if (projection !== undefined) value = project(projection, value);
    if (value === undefined) return { ok: false, fault: 'rename-conflict' };
    for (const { to, expression } of computed) {
      const member = expression.evaluate(this.#input.variables(expression.reads));
      value = member === undefined ? undefined : withMember(value, to, member);
      if (value === undefined) return { ok: false, fault: 'expression-failed' };
    }
    const text = stringifyJson(value);
    return computed.length > 0 && text.length > this.#limits.maxBytes
      ? { ok: false, fault: 'expression-failed' }
      : { ok: true, text };
  }
}

type Changed =
  { readonly ok: true; readonly text: JsonText } | { readonly ok: false; readonly fault: MapFault };
