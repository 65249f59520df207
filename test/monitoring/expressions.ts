// What a PromQL expression asks for: metrics, the values that it wants of their labels, and the labels by which it groups.

import { METRICS } from '../../src/telemetry/metrics.js';

export interface Selector {
  /** As written, matchers included. */
  readonly text: string;
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly value: string }[];
}

/** Labels that Prometheus itself gives to every series. */
const OF_THE_TARGET = ['job', 'instance'];

/** Of prom-client, Node and Prometheus: what is not in our list. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  up: [],
  process_cpu_seconds_total: [],
  process_resident_memory_bytes: [],
  process_start_time_seconds: [],
  nodejs_heap_size_used_bytes: [],
  nodejs_eventloop_lag_p99_seconds: [],
  nodejs_gc_duration_seconds_sum: ['kind'],
};

/** Metrics that begin with one of ours, or of {@link FOREIGN}. */
export function selectorsOf(expression: string): Selector[] {
  const found = expression.matchAll(/\b(tailrace_\w+|process_\w+|nodejs_\w+|up)\b(\{[^}]*\})?/g);
  return [...found].map(([text, metric = '', braces = '']) => ({
    text,
    metric,
    matchers: [...braces.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(
      ([, label = '', value = '']) => ({ label, value }),
    ),
  }));
}

/** Labels that the expression groups by, or joins on. */
export function groupsOf(expression: string): string[] {
  const lists = [...expression.matchAll(/\b(?:by|on|without)\s*\(([^)]*)\)/g)].map(([, list = '']) => list);
  return [...new Set(lists.flatMap((list) => list.split(',').map((label) => label.trim())))];
}

/** What no scrape would have: metrics that do not exist, and labels that these do not have. */
export function unknownIn(expression: string): string[] {
  const selectors = selectorsOf(expression);
  const unknown = selectors.flatMap(({ metric, matchers }) => {
    const labels = labelsOf(metric);
    if (labels === undefined) return [metric];
    return matchers.filter(({ label }) => !labels.includes(label)).map(({ label }) => `${metric}{${label}}`);
  });
  const known = selectors.flatMap(({ metric }) => labelsOf(metric) ?? []);
  return [...unknown, ...groupsOf(expression).filter((label) => !known.includes(label))];
}

/** undefined: there is no such metric. */
function labelsOf(metric: string): readonly string[] | undefined {
  const foreign = FOREIGN[metric];
  if (foreign !== undefined) return [...OF_THE_TARGET, ...foreign];
  const name = metric.replace(/^tailrace_/, '');
  const own = METRICS.find((each) => each.name === name && each.type !== 'histogram');
  if (own !== undefined) return [...OF_THE_TARGET, ...own.labels];
  const [, base, part] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
  const histogram = METRICS.find((each) => each.name === base && each.type === 'histogram');
  return histogram && [...OF_THE_TARGET, ...histogram.labels, ...(part === 'bucket' ? ['le'] : [])];
}

/** True where only its growth means anything; histograms consist of counters. */
export function isCounter(metric: string): boolean {
  return /_(total|bucket|sum|count)$/.test(metric);
}
