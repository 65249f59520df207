// A way to tell changes to those who listen. All run in one process on the same changes, in turns, so that they can be compared.

import type { RuleConfig } from '../../src/entitle/rule.js';
import type { Change } from './workload.js';

export const STRATEGIES = ['tailrace', 'naive', 'socket.io'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

export interface Strategy {
  /** The port where its clients connect. */
  listen(): Promise<number>;
  /** Changes that became known in one turn of the event loop, to everybody who listens. */
  publish(changes: readonly Change[]): void;
  /** Deliveries that were merged into a later value so far: never, but for Tailrace and slow clients. */
  conflated(): number;
}

export interface StrategyOptions {
  /** Names of the paths, by index. */
  readonly paths: readonly string[];
  /** Who may see what, where there are rights. */
  readonly rules: readonly RuleConfig[];
  readonly flushWindowMs: number;
}
