// Every metric of the process with its meaning: the one list from which scrapes and docs/metrics.md are made. Stages keep plain
// counts, and a metric says how its samples are read from them. Labels come from closed sets: never paths, keys or users.

import { EDGE_METRICS } from './edge-metrics.js';
import { counter, gauge, type Metric } from './metric.js';
import { SERVER_METRICS } from './server-metrics.js';
import { SOURCE_METRICS } from './source-metrics.js';

const PROCESS_METRICS: readonly Metric[] = [
  gauge('build_info', 'What runs; always 1.', ['version', 'role'], (from) => [[1, from.version, from.role]]),
  gauge('insecure_mode', '1 if sessions are let in without a token.', [], (from) => [
    [from.isInsecure ? 1 : 0],
  ]),
  gauge(
    'config_reload_success',
    '1 unless the last change of the configuration was refused; then the former one runs on.',
    [],
    ({ reload }) => (reload === undefined ? [] : [[reload.success ? 1 : 0]]),
  ),
  gauge(
    'config_reload_timestamp_seconds',
    'When the configuration that runs was taken up, as Unix time.',
    [],
    ({ reload }) => (reload === undefined ? [] : [[reload.appliedAt / 1_000]]),
  ),
  counter(
    'log_lines_dropped_total',
    'Log lines that could not be written because nobody took them.',
    [],
    ({ logLinesDropped }) => (logLinesDropped === undefined ? [] : [[logLinesDropped]]),
  ),
  counter(
    'admin_refusals_total',
    'Requests of the admin API that were refused, by reason; wrong tokens are guesses.',
    ['reason'],
    ({ adminRefusals }) => [...adminRefusals].map(([reason, n]) => [n, reason]),
  ),
  counter(
    'push_requests_total',
    'Requests to `push` sources that had the right token, by outcome: `refused` for a mistake of the sender, `unavailable` to be sent again.',
    ['outcome'],
    ({ pushes }) => [...pushes].map(([outcome, n]) => [n, outcome]),
  ),
];

/** In the order in which a scrape and the page have them: from the process by way of a record to its client. */
export const METRICS: readonly Metric[] = [
  ...PROCESS_METRICS,
  ...SOURCE_METRICS,
  ...EDGE_METRICS,
  ...SERVER_METRICS,
];
