// Gives each path that a scanner shall find its slot, once, however many ask for it.

import type { FieldPath } from './wanted-field.js';

/** Invariant: no path is in it twice, as the scanner asks; path i has slot i. */
export class WantedPaths {
  readonly paths: FieldPath[] = [];

  slotOf(path: FieldPath): number {
    const known = this.paths.findIndex(
      (each) => each.length === path.length && each.every((name, i) => name === path[i]),
    );
    return known >= 0 ? known : this.paths.push(path) - 1;
  }
}
