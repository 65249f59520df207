// What a metric is: a name, a meaning, and how its samples are read from what the parts of the process say of themselves.

import type { Figures } from './figures.js';
import { BUCKETS_MS, type HistogramReading } from './histogram.js';

/** A value with the values of its labels, in the order of the metric's `labels`. */
export type Sample<Value = number> = readonly [value: Value, ...labels: readonly string[]];

interface Definition {
  /** The prefix `tailrace_` is added. */
  readonly name: string;
  readonly labels: readonly string[];
  /** What it means, for the operator. */
  readonly help: string;
}

interface PlainMetric extends Definition {
  readonly type: 'counter' | 'gauge';
  readonly read: (from: Figures) => readonly Sample[];
}

interface HistogramMetric extends Definition {
  readonly type: 'histogram';
  /** Upper bounds in seconds. */
  readonly buckets: readonly number[];
  readonly read: (from: Figures) => readonly Sample<HistogramReading>[];
}

export type Metric = PlainMetric | HistogramMetric;

/** Goes up and down. */
export function gauge(
  name: string,
  help: string,
  labels: readonly string[],
  read: PlainMetric['read'],
): PlainMetric {
  return { name, type: 'gauge', help, labels, read };
}

/** Only grows, from the start of the process on; its name ends in `_total`. */
export function counter(
  name: string,
  help: string,
  labels: readonly string[],
  read: PlainMetric['read'],
): PlainMetric {
  return { name, type: 'counter', help, labels, read };
}

/** Durations; its name ends in `_seconds`. */
export function histogram(
  name: string,
  help: string,
  labels: readonly string[],
  read: HistogramMetric['read'],
): HistogramMetric {
  return { name, type: 'histogram', help, labels, buckets: BUCKETS_MS.map((ms) => ms / 1_000), read };
}
