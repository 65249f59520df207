// Checks the names of object members while a document is scanned: none twice in an object, not too many, and if so asked none `__proto__`;
// and finds the wanted field that each one is.

import type { JsonFault } from './fault.js';
import { KEY_CROWDED, KEY_TWICE, KeyTable } from './key-table.js';
import { HASH_PRIME, HASH_START, hashOfText, textOfLiteral } from './literal.js';
import { NameMemory } from './name-memory.js';
import { memberOf, type WantedField } from './wanted-field.js';

/** The name has an escape, a byte beyond ASCII, or no end: check it as a string, then use `takeChecked`. */
export const NAME_UNUSUAL = -1;
/** See `fault`. */
export const NAME_REFUSED = -2;

const QUOTE = 0x22;
/** 1: a byte of a name that needs no look: ASCII, no control, no quote, no backslash. */
const PLAIN = new Uint8Array(256).map((_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== 0x5c ? 1 : 0,
);
const PROTO = '__proto__';
const PROTO_HASH = hashOfText(PROTO);

type Mode = 'expecting' | 'learning' | 'looking up';

/** Invariant: while `expecting`, all names so far were the remembered ones, and the table is empty; else it has all of them. */
export class MemberNames {
  /** The wanted field that the last name is. */
  field: WantedField | undefined;
  fault: JsonFault = 'keys';
  readonly #maxNames: number;
  readonly #refusesProto: boolean;
  readonly #table = new KeyTable();
  readonly #memory = new NameMemory();
  /** Where the expected names stand in this document. */
  readonly #starts: number[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #count = 0;
  #mode: Mode = 'learning';

  constructor(maxNames: number, protoNames: 'refused' | 'accepted') {
    this.#maxNames = maxNames;
    this.#refusesProto = protoNames === 'refused';
  }

  begin(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#count = 0;
    this.#table.begin(bytes);
    this.#mode = this.#memory.beginLearning() ? 'learning' : 'expecting';
  }

  /** The document is accepted, or not. */
  end(isAccepted: boolean): void {
    if (this.#mode === 'expecting') this.#memory.hit();
    else if (this.#mode === 'learning' && !isAccepted) this.#memory.forget();
  }

  /** The offset of the quote that closes the name which begins at `start`; `object` counts the objects of the document from 0. */
  take(start: number, object: number, parent: WantedField | undefined): number {
    if (this.#mode === 'expecting') {
      const index = this.#count;
      const end = this.#memory.match(this.#bytes, start, index, object, parent);
      if (end >= 0) {
        this.#starts[index] = start;
        this.#count = index + 1;
        this.field = this.#memory.fieldOf(index);
        return end;
      }
      this.#lookUpFromHere();
    }
    return this.#takeUnexpected(start, object, parent);
  }

  #takeUnexpected(start: number, object: number, parent: WantedField | undefined): number {
    const bytes = this.#bytes;
    let hash = HASH_START;
    let end = start;
    for (; end < bytes.length; end++) {
      const byte = bytes[end] ?? 0;
      if (PLAIN[byte] === 0) break;
      hash = Math.imul(hash ^ byte, HASH_PRIME);
    }
    if (end >= bytes.length || bytes[end] !== QUOTE) return NAME_UNUSUAL;
    const taken = this.#look(start, end, hash, object, parent);
    if (this.#mode === 'learning')
      this.#memory.learn(bytes, { start, end, hash, object }, parent, this.field);
    return taken;
  }

  /** As `take`, for a name at [start, end) that is a valid string. */
  takeChecked(start: number, end: number, object: number, parent: WantedField | undefined): number {
    if (this.#mode === 'learning') {
      this.#memory.forget();
      this.#mode = 'looking up';
    }
    return this.#look(start, end, hashOfText(textOfLiteral(this.#bytes, start, end)), object, parent);
  }

  #look(start: number, end: number, hash: number, object: number, parent: WantedField | undefined): number {
    if (++this.#count > this.#maxNames) return this.#refuse('keys');
    if (hash === PROTO_HASH && this.#refusesProto && textOfLiteral(this.#bytes, start, end) === PROTO)
      return this.#refuse('proto-key');
    const found = this.#table.add(object, hash, start, end);
    if (found === KEY_TWICE) return this.#refuse('duplicate-key');
    if (found === KEY_CROWDED) return this.#refuse('keys');
    this.field = parent === undefined ? undefined : memberOf(parent, this.#bytes, hash, start, end);
    return end;
  }

  /** This document is another one than remembered: the table gets the names that were taken without it. */
  #lookUpFromHere(): void {
    this.#mode = 'looking up';
    this.#memory.miss();
    for (let index = 0; index < this.#count; index++) {
      const start = this.#starts[index] ?? 0;
      this.#table.add(
        this.#memory.objectOf(index),
        this.#memory.hashOf(index),
        start,
        start + this.#memory.lengthOf(index),
      );
    }
  }

  #refuse(fault: JsonFault): typeof NAME_REFUSED {
    this.fault = fault;
    return NAME_REFUSED;
  }
}
