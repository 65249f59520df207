// What the server may be told is safe with us. Until then it keeps the write-ahead log for us, and sends it again to whoever comes
// next; what it is told once it forgets. So nothing but what the core has acknowledged is ever told: no timer, no keepalive, no guess.

import type { Position } from '../contract.js';
import { comparePlaces, parsePosition, type StreamIdentity, type StreamPlace } from './position.js';

/**
 * Invariant: `told` <= what the core acknowledged <= what was yielded to it, all of one stream; `told` never goes back.
 * A keepalive is yielded as an event without records, and so takes its turn behind every change that came before it.
 */
export class Acknowledgements {
  readonly identity: StreamIdentity;
  #yielded: StreamPlace;
  /** Its text: that is acknowledged next, as a rule, and need not be parsed. */
  #position: Position | undefined;
  #told: bigint;

  /** `from`: where reading begins. All before it is durable, or in the snapshot. */
  constructor(identity: StreamIdentity, from: StreamPlace) {
    this.identity = identity;
    this.#yielded = from;
    this.#told = from.lsn;
  }

  /** The greatest LSN that the server can have heard from us. */
  get told(): bigint {
    return this.#told;
  }

  /** An event with this position, which is that place, goes to the core. Throws when it lies before a former one: our bug. */
  yields(position: Position, place: StreamPlace): void {
    if (comparePlaces(place, this.#yielded) < 0) throw new Error('a position went back');
    this.#yielded = place;
    this.#position = position;
  }

  /** What to tell the server now that the core has made durable all up to `position`; undefined: nothing new, or none of ours. */
  acknowledge(position: Position): bigint | undefined {
    const place = position === this.#position ? this.#yielded : this.#placeOf(position);
    if (place === undefined || place.lsn <= this.#told) return undefined;
    this.#told = place.lsn;
    return this.#told;
  }

  /** undefined: it is of another stream, in a snapshot, or was never yielded. */
  #placeOf(position: Position): StreamPlace | undefined {
    const { identity, place } = parsePosition(position) ?? {};
    if (identity === undefined || place?.at !== 'stream' || comparePlaces(place, this.#yielded) > 0)
      return undefined;
    const { systemId, generation } = this.identity;
    return identity.systemId === systemId && identity.generation === generation ? place : undefined;
  }
}
