// What each part of the process says of itself when it is scraped: plain numbers that it keeps anyway. The parts give these
// shapes; what the numbers are called outside, and what they mean there, is metrics.ts.

import type { Ms } from '../topic/update.js';
import type { HistogramReading } from './histogram.js';

/** The states of a source. */
export const SOURCE_STATES = ['starting', 'live', 'stale', 'degraded', 'stopped'] as const;
/** Why reading a source came to a halt: the errors of connectors/contract.ts, and what is none of them. */
export const SOURCE_ERRORS = ['unavailable', 'history_lost', 'options_rejected', 'bug'] as const;

/** What one source has done; src/ingest keeps it. */
export interface SourceFigures {
  readonly source: string;
  readonly state: (typeof SOURCE_STATES)[number];
  readonly lag: {
    /** Records that the upstream has and we have not, as far as it tells. */
    readonly records: number;
    /** How old the newest record is that was taken while there are more; 0 when there are none. */
    readonly age: Ms;
    /** Event time of the record that was taken last; undefined: there was none. */
    readonly lastAt: Ms | undefined;
  };
  /** What the upstream keeps until we have acknowledged it; undefined: it does not tell. */
  readonly retainedBytes?: number | undefined;
  readonly counts: {
    readonly records: number;
    readonly bytes: number;
    readonly mapped: number;
    readonly unchanged: number;
    readonly filtered: number;
    /** By code; codes without records may be left out. */
    readonly rejected: Readonly<Record<string, number | undefined>>;
    readonly updates: number;
    readonly contended: number;
    readonly swept: number;
    readonly expired: number;
    readonly errors: Readonly<Record<(typeof SOURCE_ERRORS)[number], number>>;
  };
}

/** What the edge holds of one source, and how fast its changes get out. */
export interface EdgeSourceFigures {
  readonly source: string;
  readonly paths: number;
  readonly textBytes: number;
  readonly stalePaths: number;
  readonly delivery: HistogramReading;
  readonly freshness: HistogramReading;
  readonly clockSkews: number;
}

interface EffectCounts {
  readonly allow: number;
  readonly deny: number;
}

/** What the edge holds and has done; src/fanout keeps it. */
export interface FanOutFigures {
  readonly sources: readonly EdgeSourceFigures[];
  readonly views: number;
  readonly streams: number;
  readonly subscriptions: number;
  /** Sessions that read too slowly to get every change. */
  readonly lagging: number;
  readonly outboxBytes: number;
  readonly largestOutboxBytes: number;
  readonly dirtyPaths: number;
  readonly decisions: Readonly<Record<'subscribe' | 'watch' | 'get', EffectCounts>>;
  readonly publish: Readonly<Record<'merge' | 'patch' | 'full' | 'keyframe' | 'delete' | 'none', number>> & {
    readonly saved: Readonly<Record<'merge' | 'patch' | 'none', number>>;
  };
  readonly delivery: Readonly<Record<'live' | 'conflated' | 'drained', number>>;
  readonly outbox: { readonly lines: number };
  readonly subscribe: HistogramReading;
  readonly revocation: HistogramReading;
}

/** What came and went at the public port; src/server keeps it. Its labels are closed sets. */
export interface ServerFigures {
  readonly sessions: number;
  readonly unauthenticated: number;
  /** Of the sessions, those that are to be closed because the process stops. */
  readonly draining: number;
  readonly opens: number;
  readonly closes: ReadonlyMap<number | string, number>;
  readonly upgradeRefusals: ReadonlyMap<string, number>;
  readonly authenticated: Readonly<Record<string, number>>;
  readonly authRefusals: ReadonlyMap<string, number>;
  readonly limitHits: ReadonlyMap<string, number>;
  readonly commands: number;
  readonly commandErrors: number;
  readonly socketWrites: number;
  readonly socketBytes: number;
}

/** How the last attempt to take up a changed configuration ended. */
export interface ReloadFigures {
  /** True from the start on, until an attempt fails. */
  readonly success: boolean;
  /** When the configuration that runs was taken up: wall time. */
  readonly appliedAt: Ms;
}

/** One reading of everything. A part that this process does not run has none. */
export interface Figures {
  readonly version: string;
  readonly role: string;
  /** Whether sessions are let in without a token (`auth: none`). */
  readonly isInsecure: boolean;
  readonly reload: ReloadFigures | undefined;
  readonly sources: readonly SourceFigures[];
  readonly fanOut: FanOutFigures | undefined;
  readonly server: ServerFigures | undefined;
  readonly logLinesDropped: number | undefined;
  readonly adminRefusals: ReadonlyMap<string, number>;
  readonly pushes: ReadonlyMap<string, number>;
}
