// Record -> updates: every rule that applies to a record gives one path and its new value, or all of them give nothing.
// Owns no state between records; which paths a key had before is src/ingest. How rules are compiled: compile.ts.

import type { Condition } from '../expression/cel.js';
import { stringifyJson } from '../topic/json.js';
import type { Filter } from '../topic/filter.js';
import type { TopicPath } from '../topic/path.js';
import type { JsonText } from '../topic/utf8.js';
import { ConditionInput } from './condition-input.js';
import { givesPath } from './path-prediction.js';
import { project, type Names, type Projection } from './projection.js';
import type { MappedRecord } from './record.js';
import type { MapFault, RecordPart } from './rule.js';
import type { Significance } from './significance.js';
import { fillTemplate, type Template } from './template.js';

/** A rule, compiled. */
export interface CompiledRule {
  readonly template: Template;
  readonly when: Condition | undefined;
  readonly deleteWhen: Condition | undefined;
  readonly projection: Projection | undefined;
  /** undefined: every difference counts. */
  readonly significance: Significance | undefined;
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
  readonly #input = new ConditionInput();

  constructor(rules: readonly CompiledRule[], fields: WantedFields, reads: ReadonlySet<RecordPart>) {
    this.#rules = rules;
    this.fields = fields;
    this.reads = reads;
    this.patterns = rules.map((rule) => rule.template.pattern);
  }

  /** Fills `paths` anew: empty when no rule applies. Given a fault, the record as a whole is rejected and `paths` means nothing. */
  map(record: MappedRecord, paths: MappedPath[]): MapFault | undefined {
    if (paths.length > 0) paths.length = 0;
    this.#input.take(record);
    for (let index = 0; index < this.#rules.length; index++) {
      const rule = this.#rules[index];
      if (rule === undefined) break;
      const fault = this.#apply(rule, record, paths);
      if (fault === undefined) continue;
      this.faultyRule = index;
      return fault;
    }
    return undefined;
  }

  #apply(rule: CompiledRule, record: MappedRecord, paths: MappedPath[]): MapFault | undefined {
    const applies = rule.when === undefined || this.#holds(rule.when);
    if (applies === 'error') return 'condition-failed';
    if (!applies) return undefined;
    const isDeleted = rule.deleteWhen !== undefined && this.#holds(rule.deleteWhen);
    if (isDeleted === 'error') return 'condition-failed';
    let path = record.expected;
    if (path === undefined || !givesPath(rule.template, record, path)) {
      const filled = fillTemplate(rule.template, record);
      if (!filled.ok) return filled.fault;
      path = filled.path;
    }
    for (let i = 0; i < paths.length; i++) if (paths[i]?.path === path) return 'two-rules-one-path';
    const text = isDeleted ? null : this.#textOf(rule.projection, record);
    if (text === undefined) return 'rename-conflict';
    paths.push({ path, text, significance: rule.significance });
    return undefined;
  }

  #holds(condition: Condition) {
    return condition.evaluate(this.#input.variables(condition.reads));
  }

  #textOf(projection: Projection | undefined, record: MappedRecord): JsonText | undefined {
    if (projection === undefined) return record.value.text();
    const projected = project(projection, this.#input.value(record));
    return projected === undefined ? undefined : stringifyJson(projected);
  }
}
