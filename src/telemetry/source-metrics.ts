// Metrics of each source: how far it is behind, what became of its records, what the cache holds of it, and how fast its changes
// get out. At most 60 series per source, so that hundreds of sources are no trouble.

import {
  SOURCE_ERRORS,
  SOURCE_STATES,
  type EdgeSourceFigures,
  type Figures,
  type SourceFigures,
} from './figures.js';
import { counter, gauge, histogram, type Metric, type Sample } from './metric.js';

/** Reasons for which one source has series of their own, in order of their first record; the rest is `other`. */
const REASONS_PER_SOURCE = 7;

/** All have the label `source`; their series go with the source. */
export const SOURCE_METRICS: readonly Metric[] = [
  gauge('source_state', '1 for the state that the source is in.', ['source', 'state'], (from) =>
    ofSources(from, ({ source, state }) =>
      SOURCE_STATES.map((each) => [each === state ? 1 : 0, source, each]),
    ),
  ),
  gauge(
    'source_lag_records',
    'Records that the source has and we have not, as far as it tells; of Kafka, offsets.',
    ['source'],
    (from) =>
      ofSources(from, ({ source, lag, retainedBytes }) =>
        retainedBytes === undefined ? [[lag.records, source]] : [],
      ),
  ),
  gauge(
    'source_retained_bytes',
    'What the upstream keeps until we have acknowledged it, where it tells that in the stead of records: of Postgres, WAL.',
    ['source'],
    (from) =>
      ofSources(from, ({ source, retainedBytes }) =>
        retainedBytes === undefined ? [] : [[retainedBytes, source]],
      ),
  ),
  gauge(
    'source_lag_seconds',
    'Age of the newest record taken while the source has more; 0 when it has not.',
    ['source'],
    (from) => ofSources(from, ({ source, lag }) => [[lag.age / 1_000, source]]),
  ),
  gauge(
    'source_last_record_timestamp_seconds',
    'Event time of the record taken last, as Unix time.',
    ['source'],
    (from) =>
      ofSources(from, ({ source, lag: { lastAt } }) =>
        lastAt === undefined ? [] : [[lastAt / 1_000, source]],
      ),
  ),
  counter('source_records_total', 'Records pulled from the source.', ['source'], (from) =>
    ofSources(from, ({ source, counts }) => [[counts.records, source]]),
  ),
  counter('source_bytes_total', 'Bytes of keys and values pulled from the source.', ['source'], (from) =>
    ofSources(from, ({ source, counts }) => [[counts.bytes, source]]),
  ),
  counter(
    'source_errors_total',
    'Times that reading came to a halt: no contact, records gone before they were read, refused options, a bug.',
    ['source', 'kind'],
    (from) =>
      ofSources(from, ({ source, counts }) =>
        SOURCE_ERRORS.map((kind) => [counts.errors[kind], source, kind]),
      ),
  ),
  counter(
    'ingest_records_total',
    'Records by what became of them; their sum is what was pulled.',
    ['source', 'result'],
    (from) =>
      ofSources(from, ({ source, counts }) => [
        [counts.mapped, source, 'mapped'],
        [counts.unchanged, source, 'unchanged'],
        [counts.filtered, source, 'filtered'],
        [sum(Object.values(counts.rejected)), source, 'rejected'],
      ]),
  ),
  counter(
    'dead_letters_total',
    `Rejected records by reason. Beyond ${REASONS_PER_SOURCE} reasons of one source the rest is \`other\`.`,
    ['source', 'reason'],
    (from) => ofSources(from, ({ source, counts }) => deadLetters(source, counts.rejected)),
  ),
  counter('ingest_updates_total', 'Updates appended to the log, deletes included.', ['source'], (from) =>
    ofSources(from, ({ source, counts }) => [[counts.updates, source]]),
  ),
  counter('ingest_contended_total', 'Records that spoke of a path of another key.', ['source'], (from) =>
    ofSources(from, ({ source, counts }) => [[counts.contended, source]]),
  ),
  counter(
    'ingest_swept_total',
    'Paths deleted because the source, read anew, no longer had them, or had cleared all of their topic.',
    ['source'],
    (from) => ofSources(from, ({ source, counts }) => [[counts.swept, source]]),
  ),
  counter(
    'ingest_expired_total',
    'Paths deleted because no record had spoken of them for `expireAfter`.',
    ['source'],
    (from) => ofSources(from, ({ source, counts }) => [[counts.expired, source]]),
  ),

  gauge('cache_paths', 'Paths that have a value.', ['source'], (from) =>
    ofEdgeSources(from, ({ source, paths }) => [[paths, source]]),
  ),
  gauge('cache_bytes', 'Bytes of their values.', ['source'], (from) =>
    ofEdgeSources(from, ({ source, textBytes }) => [[textBytes, source]]),
  ),
  gauge('cache_stale_paths', 'Paths whose newest record was rejected.', ['source'], (from) =>
    ofEdgeSources(from, ({ source, stalePaths }) => [[stalePaths, source]]),
  ),

  histogram(
    'delivery_seconds',
    'From the reading of a record to the sockets of all who get its change at once; one count per change and view.',
    ['source'],
    (from) => ofEdgeSources(from, ({ source, delivery }) => [[delivery, source]]),
  ),
  histogram(
    'freshness_seconds',
    'From the event time of a record to these sockets, while the source is live; one count per change and view.',
    ['source'],
    (from) => ofEdgeSources(from, ({ source, freshness }) => [[freshness, source]]),
  ),
  counter(
    'clock_skew_total',
    'Of these, those whose event time was still to come when they were sent; they took 0.',
    ['source'],
    (from) => ofEdgeSources(from, ({ source, clockSkews }) => [[clockSkews, source]]),
  ),
];

function ofSources(from: Figures, samplesOf: (figures: SourceFigures) => readonly Sample[]): Sample[] {
  return from.sources.flatMap(samplesOf);
}

function ofEdgeSources<Value>(
  from: Figures,
  samplesOf: (figures: EdgeSourceFigures) => readonly Sample<Value>[],
): readonly Sample<Value>[] {
  return from.fanOut?.sources.flatMap(samplesOf) ?? [];
}

function deadLetters(source: string, rejected: SourceFigures['counts']['rejected']): readonly Sample[] {
  const reasons = Object.entries(rejected);
  const others = reasons.slice(REASONS_PER_SOURCE).map(([, n]) => n);
  return [
    ...reasons.slice(0, REASONS_PER_SOURCE).map(([reason, n]): Sample => [n ?? 0, source, reason]),
    ...(others.length === 0 ? [] : [[sum(others), source, 'other'] as const]),
  ];
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
