// What the benchmark measures, as data: a row of figures, each with a bound or none, and the verdict on it.

import type { Child } from './process/remote.js';
import type { SelfTime } from './server/cpu.js';
import type { Ratio, Spread } from './stats.js';

/** What may be switched off, from outside, to see that a row gets worse without it. */
export const TRICKS = ['batching', 'sharing', 'deltas', 'unchanged-skip', 'known-items'] as const;
export type Trick = (typeof TRICKS)[number];

export interface Bound {
  readonly is: 'at most' | 'at least';
  readonly limit: number;
  /** What is bounded: the figure itself, or how many times the reference it is. */
  readonly of: 'value' | 'ratio';
}

/** One measured number. `unit` says what `value` counts; a ratio names what it is relative to. */
export interface Figure {
  readonly row: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly reference?: string;
  /** Quartiles of the ratio where there is one, else of the value. */
  readonly spread?: Spread;
  readonly bound?: Bound;
  readonly verdict: 'met' | 'missed' | 'no bound';
  /** Cores used by other processes meanwhile; undefined where the system does not tell. */
  readonly foreignCores: number | undefined;
  readonly remarks: readonly string[];
}

/** What all rows of one run share. */
export interface BenchOptions {
  readonly isQuick: boolean;
  readonly without: Trick | undefined;
  /** Rows wanted; empty: all. */
  readonly only: readonly string[];
  /** Collect a CPU profile of the server process in the slices of Tailrace. */
  readonly profile: boolean;
}

export interface Bench extends BenchOptions {
  /** A line for the person who waits. */
  readonly progress: (text: string) => void;
  /** Starts a process whose CPU is measured, on a core of its own; it ends with the row group. */
  server<Methods extends ProfiledServer>(module: URL): Child<Methods>;
  /** Starts a process that must not disturb it. */
  helper<Methods>(module: URL): Child<Methods>;
  /** A real broker, started at the first call. Rejects with KafkaNotInstallable where there can be none. */
  kafka(): Promise<RunningKafka>;
}

/** A broker as the rows use it. */
export interface RunningKafka {
  readonly brokers: readonly string[];
  readonly pid: number;
}

/** What every measured process offers. */
export interface ProfiledServer {
  /** From now on, collect where the CPU goes under Tailrace. */
  profile(): void;
  hottest(count: number): SelfTime[];
}

/** Rows that share one set-up. */
export interface RowGroup {
  readonly rows: readonly string[];
  run(bench: Bench): Promise<readonly Figure[]>;
}

type Measured = Omit<Figure, 'verdict' | 'remarks' | 'ratio' | 'spread'> & {
  readonly relative?: Ratio;
  readonly spread?: Spread;
  readonly remarks?: readonly string[];
};

/** A figure with its verdict. */
export function figure({ relative, spread, remarks = [], ...measured }: Measured): Figure {
  const shown = relative?.spread ?? spread;
  return {
    ...measured,
    ...(relative && { ratio: relative.ratio }),
    ...(shown && { spread: shown }),
    remarks,
    verdict: verdictOf(measured.bound, measured.value, relative?.ratio),
  };
}

function verdictOf(bound: Bound | undefined, value: number, ratio: number | undefined): Figure['verdict'] {
  if (bound === undefined) return 'no bound';
  const bounded = bound.of === 'value' ? value : (ratio ?? NaN);
  const isMet = bound.is === 'at most' ? bounded <= bound.limit : bounded >= bound.limit;
  return isMet ? 'met' : 'missed';
}
