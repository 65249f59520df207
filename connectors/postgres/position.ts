// The text of a position: how far a reader is in the stream of one slot of one server. An LSN alone would not say: other servers
// count alike, a slot that is made anew begins somewhere else, and of a transaction a part may be taken.

import type { Position } from '../contract.js';
import { formatLsn, parseLsn } from './connection/lsn.js';

/** Which stream it is that positions count in. A position of another one means nothing. */
export interface StreamIdentity {
  /** Of the server and its standbys, as digits. */
  readonly systemId: string;
  /** Of the slot since it was made: see {@link slotGeneration}. */
  readonly generation: string;
}

export type Place =
  /** Within the first snapshot, of which nothing can be resumed. */
  { readonly at: 'snapshot' } | StreamPlace;

/**
 * Compared by LSN, then by index. `index` changes are taken of the transaction whose commit record begins at `lsn`; 0: none of it, and
 * all of those before. After a whole transaction it is the end of its commit record, which no later one begins before.
 */
export interface StreamPlace {
  readonly at: 'stream';
  readonly lsn: bigint;
  readonly index: number;
}

export const IN_SNAPSHOT: Place = { at: 'snapshot' };

/**
 * `7312345678901234567/16B3748-9f86d081:0/16B37F0+12`, or `...:snapshot`. Telling the server its LSN is safe whatever the index: a
 * transaction is sent again unless its commit record begins before what was told.
 */
export function positionText({ systemId, generation }: StreamIdentity, place: Place): Position {
  const where = place.at === 'snapshot' ? 'snapshot' : `${formatLsn(place.lsn)}+${place.index}`;
  return `${systemId}/${generation}:${where}`;
}

/** undefined: it is no position of ours. */
export function parsePosition(text: Position): { identity: StreamIdentity; place: Place } | undefined {
  const match = FORM.exec(text)?.groups;
  if (match === undefined) return undefined;
  const { systemId = '', generation = '', lsn, index } = match;
  const identity = { systemId, generation };
  if (lsn === undefined) return { identity, place: IN_SNAPSHOT };
  return { identity, place: { at: 'stream', lsn: parseLsn(lsn), index: Number(index) } };
}

const FORM =
  /^(?<systemId>[0-9]{1,20})\/(?<generation>[0-9A-Za-z-]{1,40}):(?:snapshot|(?<lsn>[0-9A-F]{1,8}\/[0-9A-F]{1,8})\+(?<index>[0-9]{1,15}))$/;

/** Negative: `a` is before `b`. */
export function comparePlaces(a: StreamPlace, b: StreamPlace): number {
  if (a.lsn !== b.lsn) return a.lsn < b.lsn ? -1 : 1;
  return a.index - b.index;
}
