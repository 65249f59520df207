// What a case is made of: what it needs of the connector's traits and of the upstream, and what it does.

import type { Traits } from '../contract.js';
import type { CaseRun } from './case-run.js';
import type { Ability } from './harness.js';

export interface ConformanceCase {
  /** Completes `a source …`. */
  readonly name: string;
  /** Which trait excludes it: `resumes: false`. undefined: none does. */
  readonly needs?: (traits: Traits) => string | undefined;
  /** What the upstream must be able to do. */
  readonly uses?: readonly Ability[];
  /** Of the upstream. Default 1. */
  readonly partitions?: number;
  /** Runs once per seed, each with an upstream of its own. */
  readonly isByChance?: true;
  run(kit: CaseRun): Promise<void>;
}
