// Finds a member name that an object has twice, while the document is scanned: one hash table over (object, name) for the
// whole document, never cleared, because entries carry a number of their object that grows, and older numbers count as free.

import { textOfLiteral } from './literal.js';

const FIRST_SLOTS = 512;
const LAST_OBJECT = 0x3fff_ffff;
/** Honest names need some 60 probes at the very most at half load; more means that they are built to collide. */
const MAX_PROBES = 256;

/** What {@link KeyTable.add} found. Numbers, because it is called for every member of every record. */
export const KEY_NEW = 0;
export const KEY_TWICE = 1;
export const KEY_CROWDED = 2;
export type KeyFound = typeof KEY_NEW | typeof KEY_TWICE | typeof KEY_CROWDED;

/** Invariant: slots whose object is below `#firstObject` are free, and at most half of the slots are taken. */
export class KeyTable {
  #objects = new Int32Array(FIRST_SLOTS);
  #hashes = new Int32Array(FIRST_SLOTS);
  #ranges = new Int32Array(2 * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #taken = 0;
  #firstObject = 1;
  #nextObject = 1;
  #bytes: Buffer = Buffer.alloc(0);

  /** Starts a document, whose objects are numbered from 0; everything before it is forgotten. */
  begin(bytes: Buffer): void {
    if (this.#nextObject > LAST_OBJECT) {
      this.#objects.fill(0);
      this.#nextObject = 1;
    }
    this.#bytes = bytes;
    this.#firstObject = this.#nextObject;
    this.#taken = 0;
  }

  /** Notes the name at `[start, end)` of an object; `hash` is that of its decoded text. */
  add(objectInDocument: number, hash: number, start: number, end: number): KeyFound {
    const object = this.#firstObject + objectInDocument;
    if (object >= this.#nextObject) this.#nextObject = object + 1;
    if (this.#taken * 2 > this.#mask) this.#grow();
    const mask = this.#mask;
    let slot = slotOf(object, hash) & mask;
    for (let probes = 0; this.#at(slot) >= this.#firstObject; probes++) {
      if (probes > MAX_PROBES) return KEY_CROWDED;
      if (this.#hashes[slot] === hash && this.#objects[slot] === object && this.#isName(slot, start, end))
        return KEY_TWICE;
      slot = (slot + 1) & mask;
    }
    this.#objects[slot] = object;
    this.#hashes[slot] = hash;
    this.#ranges[2 * slot] = start;
    this.#ranges[2 * slot + 1] = end;
    this.#taken++;
    return KEY_NEW;
  }

  #at(slot: number): number {
    return this.#objects[slot] ?? 0;
  }

  #isName(slot: number, start: number, end: number): boolean {
    const from = this.#ranges[2 * slot] ?? 0;
    const to = this.#ranges[2 * slot + 1] ?? 0;
    return textOfLiteral(this.#bytes, from, to) === textOfLiteral(this.#bytes, start, end);
  }

  #grow(): void {
    const [objects, hashes, ranges] = [this.#objects, this.#hashes, this.#ranges];
    const slots = 2 * objects.length;
    this.#objects = new Int32Array(slots);
    this.#hashes = new Int32Array(slots);
    this.#ranges = new Int32Array(2 * slots);
    this.#mask = slots - 1;
    for (const [old, object] of objects.entries()) {
      if (object < this.#firstObject) continue;
      const hash = hashes[old] ?? 0;
      let slot = slotOf(object, hash) & this.#mask;
      while (this.#at(slot) >= this.#firstObject) slot = (slot + 1) & this.#mask;
      this.#objects[slot] = object;
      this.#hashes[slot] = hash;
      this.#ranges[2 * slot] = ranges[2 * old] ?? 0;
      this.#ranges[2 * slot + 1] = ranges[2 * old + 1] ?? 0;
    }
  }
}

function slotOf(object: number, hash: number): number {
  const mixed = Math.imul(hash ^ Math.imul(object, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
