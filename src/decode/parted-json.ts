// JSON in which the document is a part: scanned once, with the wanted fields looked for below each place where it may stand.

import type { JsonText, Utf8 } from '../topic/utf8.js';
import type { Decoded } from './decoder.js';
import { JsonScanner, type JsonLimits } from '../json/json-scanner.js';
import type { FieldPath } from '../json/wanted-field.js';
import { WantedPaths } from '../json/wanted-paths.js';

export interface PartedJsonOptions {
  /** Within the document. */
  readonly fields: readonly FieldPath[];
  /** Where the document may stand. */
  readonly parts: readonly FieldPath[];
  /** What else is to be found. */
  readonly members: readonly FieldPath[];
  readonly limits: JsonLimits;
}

/** [start, end) in the source; undefined: it is not there. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Invariant: after `scan` returned true it answers for that text, until the next call. */
export class PartedJson {
  source = '' as Utf8;
  readonly #scanner: JsonScanner;
  readonly #documents: readonly PartDocument[];
  readonly #memberSlots: readonly number[];

  constructor({ fields, parts, members, limits }: PartedJsonOptions) {
    const wanted = new WantedPaths();
    const documents = parts.map((part) => ({
      root: wanted.slotOf(part),
      slots: fields.map((field) => wanted.slotOf([...part, ...field])),
    }));
    this.#memberSlots = members.map((member) => wanted.slotOf(member));
    const scanner = new JsonScanner(wanted.paths, limits);
    this.#scanner = scanner;
    this.#documents = documents.map(({ root, slots }) => new PartDocument(scanner, root, slots));
  }

  get fault() {
    return this.#scanner.fault;
  }

  scan(bytes: Buffer, source: Utf8): boolean {
    this.source = source;
    return this.#scanner.scan(bytes);
  }

  /** Where the member is that is `index` of those asked for. */
  member(index: number): Range | undefined {
    return rangeAt(this.#scanner.ranges, this.#memberSlots[index] ?? 0);
  }

  /** Where the part is that is `index` of those asked for. */
  part(index: number): Range | undefined {
    return this.#documents[index]?.range;
  }

  /** The part as the document; it must be there. */
  document(index: number): Decoded | undefined {
    return this.#documents[index]?.begin(this.source);
  }

  /** What stands at the range, read as JSON. For few and short ones. */
  parse({ start, end }: Range): unknown {
    return JSON.parse(Buffer.from(this.source.slice(start, end), 'latin1').toString('utf8'));
  }

  isNull({ start }: Range): boolean {
    return this.source.startsWith('null', start);
  }

  /** All of it as it is stored, with null in place of these parts. */
  textWithout(parts: readonly number[]): JsonText {
    const left = parts.flatMap((index) => this.part(index) ?? []).sort((a, b) => a.start - b.start);
    let text = '';
    let from = 0;
    for (const { start, end } of left) {
      text += `${this.#scanner.text(this.source, from, start)}null`;
      from = end;
    }
    return (text + this.#scanner.text(this.source, from)) as JsonText;
  }
}

/** Invariant: `ranges` are those of the text given last. */
class PartDocument implements Decoded {
  readonly notation = 'literal';
  readonly isDelete = false;
  readonly headers = undefined;
  readonly ranges: Int32Array;
  source = '' as Utf8;
  #text: JsonText | undefined;
  readonly #scanner: JsonScanner;
  readonly #root: number;
  readonly #slots: readonly number[];

  constructor(scanner: JsonScanner, root: number, slots: readonly number[]) {
    this.#scanner = scanner;
    this.#root = root;
    this.#slots = slots;
    this.ranges = new Int32Array(2 * slots.length);
  }

  get range(): Range | undefined {
    return rangeAt(this.#scanner.ranges, this.#root);
  }

  begin(source: Utf8): this {
    this.source = source;
    this.#text = undefined;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i] ?? 0;
      this.ranges[2 * i] = this.#scanner.ranges[2 * slot] ?? -1;
      this.ranges[2 * i + 1] = this.#scanner.ranges[2 * slot + 1] ?? -1;
    }
    return this;
  }

  text(): JsonText {
    const { start, end } = this.range ?? { start: 0, end: 0 };
    return (this.#text ??= this.#scanner.text(this.source, start, end));
  }
}

function rangeAt(ranges: Int32Array, slot: number): Range | undefined {
  const start = ranges[2 * slot] ?? -1;
  return start < 0 ? undefined : { start, end: ranges[2 * slot + 1] ?? start };
}
