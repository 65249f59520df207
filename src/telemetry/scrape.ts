// What Prometheus gets when it asks: the list of metrics.ts, read from the parts of the process, and Node's own figures. The
// only door to prom-client, whose registry writes the text; the values are never its own, so that counting costs the stages no call.

import { collectDefaultMetrics, Registry, type Metric as RegisteredMetric } from 'prom-client';
import type { FanOutFigures, Figures, ReloadFigures, ServerFigures, SourceFigures } from './figures.js';
import type { HistogramReading } from './histogram.js';
import type { Metric, Sample } from './metric.js';
import { METRICS } from './metrics.js';

/** Where the figures are read at each scrape. A part that this process does not run has none. */
export interface Suppliers {
  readonly version: string;
  /** What this process does: `single` is everything. */
  readonly role: string;
  /** Whether sessions are let in without a token (`auth: none`). */
  readonly isInsecure: boolean;
  readonly reload?: () => ReloadFigures;
  readonly sources?: () => readonly SourceFigures[];
  readonly fanOut?: () => FanOutFigures;
  readonly server?: () => ServerFigures;
  /** Since the start. */
  readonly logLinesDropped?: () => number;
  readonly adminRefusals?: () => ReadonlyMap<string, number>;
  readonly pushes?: () => ReadonlyMap<string, number>;
}

/** One scrape. */
export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

/** A line of the text format, less the metric's own name. */
interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly metricName?: string;
}

/** Registers the list, and Node's own figures (`process_*`, `nodejs_*`), with a registry of its own. */
export function createMetrics(suppliers: Suppliers): { scrape(): Promise<Scrape> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let figures = figuresOf(suppliers);
  for (const metric of METRICS) register(registry, metric, () => figures);
  return {
    scrape: async () => {
      figures = figuresOf(suppliers); // once, so that all metrics of a scrape agree
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function figuresOf(suppliers: Suppliers): Figures {
  const { version, role, isInsecure } = suppliers;
  return {
    version,
    role,
    isInsecure,
    reload: suppliers.reload?.(),
    sources: suppliers.sources?.() ?? [],
    fanOut: suppliers.fanOut?.(),
    server: suppliers.server?.(),
    logLinesDropped: suppliers.logLinesDropped?.(),
    adminRefusals: suppliers.adminRefusals?.() ?? new Map<string, number>(),
    pushes: suppliers.pushes?.() ?? new Map<string, number>(),
  };
}

/** The registry asks what it holds for a name and, at each scrape, for what `get` returns. */
function register(registry: Registry, metric: Metric, figures: () => Figures): void {
  const name = `tailrace_${metric.name}`;
  const { help, type } = metric;
  const registered = { name, get: () => ({ name, help, type, values: valuesOf(name, metric, figures()) }) };
  registry.registerMetric(registered as unknown as RegisteredMetric);
}

function valuesOf(name: string, metric: Metric, figures: Figures): readonly Value[] {
  if (metric.type === 'histogram') {
    return metric.read(figures).flatMap((sample) => histogramValues(name, metric, sample));
  }
  return metric.read(figures).map(([value, ...labels]) => ({ value, labels: labelled(metric, labels) }));
}

function histogramValues(
  name: string,
  metric: Extract<Metric, { type: 'histogram' }>,
  [reading, ...labels]: Sample<HistogramReading>,
): readonly Value[] {
  const own = labelled(metric, labels);
  const bucket = (le: string, value: number): Value => ({
    metricName: `${name}_bucket`,
    labels: { ...own, le },
    value,
  });
  return [
    ...metric.buckets.map((bound, i) => bucket(String(bound), reading.atMost[i] ?? 0)),
    bucket('+Inf', reading.count),
    { metricName: `${name}_sum`, labels: own, value: reading.sumMs / 1_000 },
    { metricName: `${name}_count`, labels: own, value: reading.count },
  ];
}

function labelled({ labels: names }: Metric, labels: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name, i) => [name, labels[i] ?? '']));
}
