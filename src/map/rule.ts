// What a mapping rule is, as the configuration resolves it, and how its mistakes are told: all at once, each with its place.

/** How records of a source become updates. Every rule that applies makes one update. */
export interface MapRule {
  /** Template of the path: `prices/{value.symbol}/spot`. */
  readonly path: string;
  /** CEL: the rule applies only when this is true. */
  readonly when?: string;
  /** CEL: when true, the path is deleted. */
  readonly deleteWhen?: string;
  /** What of the value is kept. In this order: `pick`, `omit`, `rename` (from -> to). Fields that are not there are no mistake. */
  readonly value?: {
    readonly pick?: readonly string[];
    readonly omit?: readonly string[];
    readonly rename?: Readonly<Record<string, string>>;
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
  /** `when` or `deleteWhen` could not be evaluated: a field is missing, or types do not fit. */
  | 'condition-failed'
  /** `rename` would write over another field. */
  | 'rename-conflict'
  | 'two-rules-one-path';
