// The unit that schemas are compiled to.

import type { Input } from './input.js';
import type { JsonWriter } from './json-writer.js';

/** Reads one value and writes it as JSON. Throws Unreadable. */
export type Walk = (input: Input, out: JsonWriter) => void;

/** What stands before the value of an object's n-th member, counted from 0: `{"name":` or `,"name":`. */
export function jsonName(name: string, n: number): Buffer {
  return Buffer.from(`${n === 0 ? '{' : ','}${JSON.stringify(name)}:`);
}
