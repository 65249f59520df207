// docs/metrics.md, written from the list of metrics.ts: scripts/docs.mjs puts it in its place, and a test fails when the page is
// stale.

import { BUCKETS_MS } from './histogram.js';
import { markdownTable } from './markdown-table.js';

/** What the page says of a metric. */
export interface MetricFacts {
  /** Without the prefix. */
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  /** What it means, for the operator: a sentence. */
  readonly help: string;
  /** All values that a label can have, where that is a closed list known beforehand. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

/** The whole page as Markdown, in the order of the list. */
export function metricsPage(metrics: readonly MetricFacts[]): string {
  const rows = metrics.map((metric) => [
    `\`tailrace_${metric.name}\``,
    metric.type,
    metric.labels.map((label) => labelText(label, metric.values?.[label])).join(', '),
    metric.help,
  ]);
  return `${INTRODUCTION}
${markdownTable(['metric', 'type', 'labels', 'meaning'], rows)}`;
}

const INTRODUCTION = `<!-- Written by scripts/docs.mjs from src/telemetry/metrics.ts: change it there. -->

# Metrics

\`GET /metrics\` on the operator's port (\`admin.port\`) gives these in the text format of Prometheus, with Node's own figures as
\`process_*\` and \`nodejs_*\`.

- Units are base units and stand in the name: \`_seconds\`, \`_bytes\`. Counters end in \`_total\` and begin at 0 with the process.
- Labels come from the configuration (\`source\`) or from closed lists, never from paths, keys or users, so that the number of
  series does not grow with the data.
- Histograms have buckets up to ${BUCKETS_MS.map((ms) => ms / 1000).join(', ')} seconds.
`;

function labelText(label: string, values: readonly string[] | undefined): string {
  if (values === undefined) return `\`${label}\``;
  return `\`${label}\`: ${values.join(' ')}`;
}
