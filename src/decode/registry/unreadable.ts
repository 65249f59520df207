// How the walk through a document ends early: one exception, thrown and caught within this folder, because a document can be
// found out at any depth.

import type { DecodeFault } from '../fault.js';

/** The bytes of a document cannot be read by their schema. Never leaves this folder. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly code: DecodeFault;
  /** Byte offset in the record's key or value. */
  readonly at: number;

  constructor(code: DecodeFault, at: number) {
    super(code);
    this.code = code;
    this.at = at;
  }
}
