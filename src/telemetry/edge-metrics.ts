// Metrics of the edge: what is watched, what changes cost and save, what sessions are owed, and how long clients wait.

import type { Figures, FanOutFigures } from './figures.js';
import { counter, gauge, histogram, type Metric, type Sample } from './metric.js';

/** Of all sources and sessions together. */
export const EDGE_METRICS: readonly Metric[] = [
  gauge(
    'views',
    'Different sights of values that are in use, by rights and wanted fields: each change of a path is told once per view.',
    [],
    (from) => ofFanOut(from, (f) => [[f.views]]),
  ),
  gauge('streams', 'Paths that are watched, once per view.', [], (from) =>
    ofFanOut(from, (f) => [[f.streams]]),
  ),
  gauge('subscriptions', 'Subscriptions of all sessions.', [], (from) =>
    ofFanOut(from, (f) => [[f.subscriptions]]),
  ),
  counter(
    'decisions_total',
    'Answers of the rules: to a subscription, to a path that those with equal rights would watch, to a value asked for alone.',
    ['action', 'effect'],
    (from) =>
      ofFanOut(from, ({ decisions }) =>
        Object.entries(decisions).flatMap(([action, { allow, deny }]): Sample[] => [
          [allow, action, 'allow'],
          [deny, action, 'deny'],
        ]),
      ),
  ),
  counter(
    'deltas_total',
    'Changes of watched paths, once per view, by the form in which they were told; `none`: nothing of it is seen.',
    ['form'],
    (from) =>
      ofFanOut(from, ({ publish: p }) => [
        [p.merge, 'merge'],
        [p.patch, 'patch'],
        [p.full, 'full'],
        [p.keyframe, 'keyframe'],
        [p.delete, 'delete'],
        [p.none, 'none'],
      ]),
  ),
  counter(
    'delta_bytes_saved_total',
    'Bytes of whole values less those of the deltas told instead, once per view. Where a view leaves something out, its last whole value counts.',
    ['form'],
    (from) =>
      ofFanOut(from, ({ publish: { saved } }) => [
        [saved.merge, 'merge'],
        [saved.patch, 'patch'],
        [saved.none, 'none'],
      ]),
  ),
  counter(
    'deliveries_total',
    'Changes given to sessions, once per session: at once, or, lagging, as the newest value when there is room.',
    ['pace'],
    (from) =>
      ofFanOut(from, ({ delivery }) => [
        [delivery.live, 'live'],
        [delivery.drained, 'lagging'],
      ]),
  ),
  counter(
    'conflated_total',
    'Changes merged into a later value because the session lagged, once per session.',
    ['pace'],
    (from) => ofFanOut(from, ({ delivery }) => [[delivery.conflated, 'lagging']]),
  ),
  counter(
    'outbox_lines_total',
    'Lines written to sessions; per socket write they show batching.',
    [],
    (from) => ofFanOut(from, (f) => [[f.outbox.lines]]),
  ),
  gauge('outbox_bytes', 'Bytes that were sent to sessions and not acknowledged by them.', [], (from) =>
    ofFanOut(from, (f) => [[f.outboxBytes]]),
  ),
  gauge('outbox_largest_bytes', 'Of these, those of the session that has most.', [], (from) =>
    ofFanOut(from, (f) => [[f.largestOutboxBytes]]),
  ),
  gauge('dirty_paths', 'Paths of which lagging sessions are owed the newest value.', [], (from) =>
    ofFanOut(from, (f) => [[f.dirtyPaths]]),
  ),
  histogram(
    'subscribe_seconds',
    'From a subscription to the end of its first snapshot; takes as long as the client takes to read it.',
    [],
    (from) => ofFanOut(from, (f) => [[f.subscribe]]),
  ),
  histogram(
    'revocation_seconds',
    'From new rules, or a new token, to the last session having been told of what it lost.',
    [],
    (from) => ofFanOut(from, (f) => [[f.revocation]]),
  ),
];

function ofFanOut<Value>(
  from: Figures,
  samplesOf: (figures: FanOutFigures) => readonly Sample<Value>[],
): readonly Sample<Value>[] {
  return from.fanOut === undefined ? [] : samplesOf(from.fanOut);
}
