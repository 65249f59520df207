// What travels from ingest through the log to the edge: updates with full values, and the freshness of sources and paths.

import type { TopicPath } from './path.js';
import type { JsonText } from './utf8.js';

declare const entryKey: unique symbol;
declare const epoch: unique symbol;

/** (space, path) as one string: the key of log, cache and ownership. Spaces keep tenants apart; today there is one, ''. */
export type EntryKey = string & { readonly [entryKey]: true };

/** The only constructor of an {@link EntryKey}. The separator can stand in no path and no space. */
export function entryKeyOf(space: string, path: TopicPath): EntryKey {
  return (space === '' ? path : `${space}\u0000${path}`) as EntryKey;
}

/** Offset of an update in its log partition: a safe integer that grows within one path and one {@link Epoch}. */
export type Version = number;

/** Identity of one source's log. Versions of different epochs do not compare. */
export type Epoch = string & { readonly [epoch]: true };

export function epochOf(text: string): Epoch {
  return text as Epoch;
}

/** Milliseconds, of wall time since 1970 where it names an instant. */
export type Ms = number;

/** One path gets a new current value, or none. The log holds these, always with the full value. */
export interface Update {
  readonly key: EntryKey;
  readonly path: TopicPath;
  /** null = the path is deleted. JSON null is the text `null`. */
  readonly value: JsonText | null;
  /** Event time, from the source. */
  readonly at: Ms;
}

/**
 * Where a batch stands in a transaction of its source. `whole`: it is one, or the last part of one, which may be empty. `part`: a later
 * batch of the partition goes on with it.
 */
export type Bounds = 'whole' | 'part';

/** Consecutive updates of one log partition: `updates[i]` has version `first + i`. */
export interface LogBatch {
  /** Index of the log partition, edge-wide; the wire's `x`. */
  readonly x: number;
  readonly first: Version;
  /** When the records that they come from were taken from the source: wall time. */
  readonly readAt: Ms;
  readonly updates: readonly Update[];
  /** undefined: no transaction. Then each update stands for itself. */
  readonly bounds?: Bounds | undefined;
}

/** Whether what the log holds for a partition can be trusted to be current. */
export type Freshness = { readonly state: 'live' } | { readonly state: 'stale'; readonly since: Ms };
