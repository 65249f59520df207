// What a mapping rule is, as the configuration resolves it, and how its mistakes are told: all at once, each with its place.

/** How records of a source become updates. Every rule that applies makes one update. */
export interface MapRule {
  /** Template of the path: `prices/{value.symbol}/spot`. */
  readonly path: string;
  /** Pointer to an array in the value ('': the value itself): the rule runs once for each of its elements. */
  readonly each?: string;
  /** CEL: the rule applies only when this is true. */
  readonly when?: string;
  /** CEL: when true, the path is deleted. */
  readonly deleteWhen?: string;
  /** What of the value is kept, and added. In this order: `pick`, `omit`, `rename` (from -> to), `set` (to -> CEL). Fields that are not there are no mistake. */
  readonly value?: {
    readonly pick?: readonly string[];
    readonly omit?: readonly string[];
    readonly rename?: Readonly<Record<string, string>>;
    readonly set?: Readonly<Record<string, string>>;
  };
  /** Fields whose change alone is no change. */
  readonly ignore?: readonly string[];
  /** Numbers that must move by more than `within` from what was last passed on. */
  readonly deadband?: readonly { readonly field: string; readonly within: number }[];
}

/** One mistake in a rule. `at` names the place within the rule; `column` counts from 1 within the text that stands there. */
export interface RuleMistake {
  /** Index of the rule within its source. */
  readonly rule: number;
  readonly at: readonly (string | number)[];
  readonly column: number;
  readonly message: string;
}

/** What templates and conditions can read of a record. */
export const RECORD_PARTS = ['key', 'value', 'headers', 'topic', 'partition', 'timestamp'] as const;
export type RecordPart = (typeof RECORD_PARTS)[number];
/** And under `each`: the element, and its place in the array from 0. */
export const ELEMENT_PARTS = [...RECORD_PARTS, 'item', 'index'] as const;
export type ElementPart = (typeof ELEMENT_PARTS)[number];

/** What the rules may make of one record, and of its numbers. */
export interface MappingLimits {
  /** Elements that one rule with `each` takes. */
  readonly elementsPerRecord: number;
  /** Of a published document with computed fields. */
  readonly maxBytes: number;
  /** What becomes of a computed integer that a double cannot hold: its exact text, or no record. */
  readonly numbers: 'string' | 'reject';
}

export const DEFAULT_MAPPING_LIMITS: MappingLimits = {
  elementsPerRecord: 10_000,
  maxBytes: 1_048_576,
  numbers: 'string',
};

/** Why a record could not be mapped: a closed list, for counters and logs. */
export type MapFault =
  /** A placeholder's field, header or key is not there. */
  | 'field-missing'
  | 'field-null'
  /** An object or an array cannot be a segment. */
  | 'field-not-scalar'
  /** A number with a fraction, or one that only a double holds, has no single spelling as a segment. */
  | 'field-fraction'
  | 'field-empty'
  /** Text with a lone surrogate, or a header that is not UTF-8, has no bytes in a path. */
  | 'field-not-text'
  | 'path-too-long'
  /** `when` or `deleteWhen` could not be evaluated: a field is missing, types do not fit, or it costs too much. */
  | 'condition-failed'
  /** The same for `set`; or its result is no JSON, is too large, or has no object to go into. */
  | 'expression-failed'
  /** What `each` points to is there, and is no array. */
  | 'not-an-array'
  /** The array has more elements than the limit. */
  | 'too-many-elements'
  /** `rename` would write over another field. */
  | 'rename-conflict'
  /** Two rules, or two elements of an array, give the same path. */
  | 'two-rules-one-path';
