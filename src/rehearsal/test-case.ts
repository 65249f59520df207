// A test as it is run: names are resolved, paths are checked, and every expectation knows the line on which it was written.

import type { Principal } from '../entitle/principal.js';
import type { RejectionCode } from '../ingest/rejection.js';
import type { Filter } from '../topic/filter.js';
import type { Json } from '../topic/json.js';
import type { TopicPath } from '../topic/path.js';
import type { StagedSource } from './stage.js';
import type { WrittenRecord } from './written-record.js';

export interface TestCase {
  readonly name: string;
  readonly file: string;
  /** From 1, like all lines. */
  readonly line: number;
  /** At least one, in order. */
  readonly given: readonly GivenRecord[];
  readonly sights: readonly ExpectedSight[];
  readonly outcomes: readonly ExpectedOutcome[];
}

export interface GivenRecord extends WrittenRecord {
  readonly line: number;
  readonly source: StagedSource;
}

/** Somebody who connects. */
export interface Viewer {
  /** As the test names them. */
  readonly label: string;
  /** undefined: they are refused, since they have no token and `auth.anonymous` is absent. */
  readonly principal: Principal | undefined;
}

/** What somebody sees after the last record. */
export interface ExpectedSight {
  readonly line: number;
  readonly viewer: Viewer;
  readonly values: ReadonlyMap<TopicPath, Json>;
  /** Whether `values` is all that is seen, or some of it. */
  readonly extent: 'all' | 'some';
  /** What no path that is seen may match. */
  readonly never: readonly Filter[];
}

/** What becomes of one record. Left out of a test: that it is taken. */
export interface ExpectedOutcome {
  readonly line: number;
  /** Index in `given`. */
  readonly record: number;
  readonly outcome: RefusedOutcome;
}

export type RefusedOutcome =
  { readonly kind: 'rejected'; readonly code: RejectionCode } | { readonly kind: 'filtered' };
