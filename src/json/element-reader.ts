// How a scanner leaves the many values of one list to somebody else, who may know them already or scan each as a document.

import type { JsonFault } from './fault.js';

/** Reads the elements of an array, or the members of an object, in place of the scanner. What it throws ends the scan. */
export interface ElementReader {
  /** Why the last value was refused, and at which offset. */
  readonly fault: { readonly code: JsonFault; readonly at: number };
  /**
   * The offset after the value that begins at `start`, or -1; `depth` arrays and objects are around it. Of a member the name
   * stands at [nameStart, nameEnd), without its quotes; an element has -1 for both.
   */
  read(bytes: Buffer, start: number, depth: number, nameStart: number, nameEnd: number): number;
}

/** Which values are left to `reader`. */
export interface LeftElements {
  /** Of the wanted path where they stand. Wanted fields below it are not found. */
  readonly slot: number;
  /** The elements of an array there; or those, and the members of an object. */
  readonly are: 'elements' | 'elements and members';
  readonly reader: ElementReader;
}
