// The document of `GET /v1/status`: what this process does, for people and for `tailrace top`. Counts are totals since the
// start, so that whoever asks twice has rates. Behind the token it may name sessions and users, which metrics never do.

import type { FanOutFigures, ServerFigures, SourceFigures, SOURCE_STATES } from '../telemetry/figures.js';
import { BUCKETS_MS, type HistogramReading } from '../telemetry/histogram.js';
import type { ProcessFigures } from '../telemetry/process-meter.js';
import type { Ms } from '../topic/update.js';
import type { ReadinessCheck } from './admin-api.js';
import type { AdminRefusal } from './admin-guard.js';
import { outboxesOf, type Outboxes, type SessionFigures } from './session-figures.js';

/** Times that are `At` or `since` are wall time in ms since 1970. */
export interface Status {
  readonly version: string;
  readonly now: Ms;
  readonly startedAt: Ms;
  readonly isReady: boolean;
  readonly checks: readonly ReadinessCheck[];
  /** Absent where there is no file to reload. */
  readonly config?: ConfigStatus;
  /** In the order of the configuration. */
  readonly sources: readonly SourceStatus[];
  readonly cache: { readonly paths: number; readonly bytes: number; readonly stalePaths: number };
  readonly sessions: SessionsStatus;
  readonly fanOut: FanOutStatus;
  readonly process: ProcessFigures;
  /** Requests to this API that were refused for their token, by reason. */
  readonly refusals: Readonly<Partial<Record<AdminRefusal, number>>>;
}

export interface ConfigStatus {
  readonly file?: string;
  /** When what runs was taken up. */
  readonly appliedAt: Ms;
  /** Whether the last attempt to take up a change worked; true before the first. */
  readonly success: boolean;
}

export interface SourceStatus {
  readonly name: string;
  readonly state: (typeof SOURCE_STATES)[number];
  readonly since: Ms;
  /** Why it is not live. */
  readonly reason?: string;
  /** Of what existed when reading began; only until it is live. */
  readonly progress?: { readonly done: number; readonly total: number };
  readonly records: number;
  readonly bytes: number;
  readonly updates: number;
  readonly unchanged: number;
  readonly filtered: number;
  readonly rejected: number;
  readonly paths: number;
  readonly stalePaths: number;
  readonly lag: { readonly records: number; readonly ms: Ms };
  /** Event time of the record that was taken last; absent: there was none. */
  readonly lastRecordAt?: Ms;
  /** From event time to socket, once per change and view; buckets end at {@link FanOutStatus.bucketsMs}. */
  readonly freshness: Pick<HistogramReading, 'atMost' | 'count'>;
}

export interface SessionsStatus {
  readonly open: number;
  readonly unauthenticated: number;
  readonly lagging: number;
  readonly draining: number;
  readonly subscriptions: number;
  readonly opens: number;
  /** By close code. */
  readonly closes: Readonly<Record<string, number>>;
  readonly outboxes: Outboxes;
}

export interface FanOutStatus {
  /** Paths that are watched, once per distinct view. */
  readonly streams: number;
  readonly views: number;
  /** Changes of watched paths, by the form in which they were sent; `none`: not visible in that view. */
  readonly changes: Readonly<Record<'merge' | 'patch' | 'full' | 'keyframe' | 'delete' | 'none', number>>;
  /** Once per session. */
  readonly deliveries: Readonly<Record<'live' | 'conflated' | 'drained', number>>;
  readonly socketWrites: number;
  readonly socketBytes: number;
  readonly bucketsMs: readonly Ms[];
}

/** What the document says of one source; src/ingest has it. */
export interface StatusSource {
  readonly name: string;
  readonly paths: number;
  readonly status: {
    readonly since: Ms;
    readonly reason: string | undefined;
    readonly progress: { readonly done: number; readonly total: number } | undefined;
  };
  figures(): SourceFigures;
}

/** Where the document is read, each time it is asked for. */
export interface StatusSuppliers {
  readonly version: string;
  readonly startedAt: Ms;
  readonly now: () => Ms;
  readonly config?: () => ConfigStatus;
  readonly sources: () => readonly StatusSource[];
  readonly fanOut: () => FanOutFigures;
  readonly server: () => ServerFigures;
  readonly sessions: () => Iterable<SessionFigures>;
  readonly process: () => ProcessFigures;
  readonly refusals: () => ReadonlyMap<AdminRefusal, number>;
}

/** Visits every session once. */
export function statusOf(from: StatusSuppliers, checks: readonly ReadinessCheck[]): Status {
  const fanOut = from.fanOut();
  const server = from.server();
  const sum = (of: (source: FanOutFigures['sources'][number]) => number): number =>
    fanOut.sources.reduce((total, source) => total + of(source), 0);
  return {
    version: from.version,
    now: from.now(),
    startedAt: from.startedAt,
    isReady: checks.every(({ isReady }) => isReady),
    checks,
    ...(from.config && { config: from.config() }),
    sources: from.sources().map((source) => sourceStatus(source, fanOut)),
    cache: {
      paths: sum(({ paths }) => paths),
      bytes: sum(({ textBytes }) => textBytes),
      stalePaths: sum(({ stalePaths }) => stalePaths),
    },
    sessions: sessionsStatus(server, fanOut, from.sessions()),
    fanOut: fanOutStatus(server, fanOut),
    process: from.process(),
    refusals: Object.fromEntries(from.refusals()),
  };
}

function sourceStatus(source: StatusSource, fanOut: FanOutFigures): SourceStatus {
  const { state, counts, lag } = source.figures();
  const { since, reason, progress } = source.status;
  const edge = fanOut.sources.find((each) => each.source === source.name);
  const { records, bytes, updates, unchanged, filtered, rejected } = counts;
  return {
    name: source.name,
    state,
    since,
    ...(reason !== undefined && { reason }),
    ...(progress !== undefined && { progress }),
    records,
    bytes,
    updates,
    unchanged,
    filtered,
    rejected: Object.values(rejected).reduce<number>((total, each) => total + (each ?? 0), 0),
    paths: source.paths,
    stalePaths: edge?.stalePaths ?? 0,
    lag: { records: lag.records, ms: lag.age },
    ...(lag.lastAt !== undefined && { lastRecordAt: lag.lastAt }),
    freshness: { atMost: edge?.freshness.atMost ?? [], count: edge?.freshness.count ?? 0 },
  };
}

function sessionsStatus(
  server: ServerFigures,
  { lagging, subscriptions }: FanOutFigures,
  sessions: Iterable<SessionFigures>,
): SessionsStatus {
  const { sessions: open, unauthenticated, draining, opens, closes } = server;
  return {
    open,
    unauthenticated,
    lagging,
    draining,
    subscriptions,
    opens,
    closes: Object.fromEntries(closes),
    outboxes: outboxesOf(sessions),
  };
}

function fanOutStatus(
  { socketWrites, socketBytes }: ServerFigures,
  { streams, views, publish, delivery }: FanOutFigures,
): FanOutStatus {
  const { merge, patch, full, keyframe, delete: gone, none } = publish;
  const { live, conflated, drained } = delivery;
  return {
    streams,
    views,
    changes: { merge, patch, full, keyframe, delete: gone, none },
    deliveries: { live, conflated, drained },
    socketWrites,
    socketBytes,
    bucketsMs: BUCKETS_MS,
  };
}
