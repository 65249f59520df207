// Which data lines of the wire are to be applied when: those about paths that stand in a bracket wait for its end (PROTOCOL.md, P39).

import { Tag } from '../protocol/data-lines.js';

/** `Line`: whatever the receiver needs of one. Invariant: between messages it keeps lines only of a bracket that has not ended. */
export class Bracket<Line> {
  #kept: Line[] | undefined;

  /** Takes a line with this tag, and returns what is to be applied now: together, before anything of it is shown. */
  take(tag: number, line: Line): readonly Line[] {
    const kept = this.#kept;
    switch (tag) {
      case Tag.AtomicBegin:
        this.#kept = []; // what another one kept is void
        return [];
      case Tag.AtomicEnd:
        this.#kept = undefined;
        return kept ?? [];
      default:
        if (kept === undefined || tag > Tag.PathFresh) return [line];
        kept.push(line);
        return [];
    }
  }

  /** The subscriptions start anew: what is kept is void. */
  drop(): void {
    this.#kept = undefined;
  }
}
