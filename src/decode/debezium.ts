// Changes of a database's rows as Debezium writes them: the document is the row after the change, a deleted row deletes. With
// the JSON converter an envelope may stand in another one with its schema: {"schema": ..., "payload": ...}.
// https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events

import type { JsonText, Utf8 } from '../topic/utf8.js';
import type { Decoded, Decoder, DecoderOptions } from './decoder.js';
import type { DecodeFault } from './fault.js';
import { JsonOrFramed } from './json-or-framed.js';
import { PartedJson, type Range } from './parted-json.js';

/** Stands for a column's value that the database did not tell (a large one that did not change); as text, and as bytes. */
const UNAVAILABLE = ['"__debezium_unavailable_value"', '"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="'];

/** Invariant: after `decode` returned undefined, `fault` says why. */
export class DebeziumDecoder implements Decoder {
  readonly prepare?: (bytes: Buffer) => Promise<void> | undefined;
  fault: { readonly code: DecodeFault; readonly at: number } = { code: 'invalid', at: 0 };
  readonly #input: JsonOrFramed;
  /** Parts: the row in a bare envelope, and in one with a schema. Members: the operation in either. */
  readonly #json: PartedJson;

  constructor(options: DecoderOptions) {
    this.#input = new JsonOrFramed(options);
    if (this.#input.prepare !== undefined) this.prepare = this.#input.prepare;
    this.#json = new PartedJson({
      fields: options.fields,
      limits: options.limits,
      parts: [['after'], ['payload', 'after']],
      members: [['op'], ['payload', 'op']],
    });
  }

  decode(bytes: Buffer, source: Utf8): Decoded | undefined {
    const input = this.#input.read(bytes, source);
    if (input === undefined) return this.#refuse(this.#input.fault);
    if (!this.#json.scan(input.bytes, input.source)) return this.#refuse(this.#json.fault);
    const bare = this.#json.member(0);
    const op = bare ?? this.#json.member(1);
    if (op === undefined) return this.#refuse({ code: 'invalid', at: 0 });
    switch (input.source.slice(op.start, op.end)) {
      case '"c"':
      case '"r"':
      case '"u"':
        return this.#row(bare === undefined ? 1 : 0);
      case '"d"':
        return DELETED;
      case '"t"':
        return this.#refuse({ code: 'truncate', at: op.start });
      default:
        return this.#refuse({ code: 'invalid', at: op.start });
    }
  }

  #row(part: number): Decoded | undefined {
    const row = this.#json.part(part);
    if (row === undefined || this.#json.isNull(row))
      return this.#refuse({ code: 'invalid', at: row?.start ?? 0 });
    const at = unavailableIn(this.#json.source, row);
    return at < 0 ? this.#json.document(part) : this.#refuse({ code: 'value-unavailable', at });
  }

  #refuse(fault: { readonly code: DecodeFault; readonly at: number }): undefined {
    this.fault = fault;
    return undefined;
  }
}

/** Keys of the same records: the row's identity, bare or with its schema. Invariant: as above. */
export class DebeziumKeyDecoder implements Decoder {
  readonly prepare?: (bytes: Buffer) => Promise<void> | undefined;
  fault: { readonly code: DecodeFault; readonly at: number } = { code: 'invalid', at: 0 };
  readonly #input: JsonOrFramed;
  readonly #json: PartedJson;

  constructor(options: DecoderOptions) {
    this.#input = new JsonOrFramed(options);
    if (this.#input.prepare !== undefined) this.prepare = this.#input.prepare;
    const { fields, limits } = options;
    this.#json = new PartedJson({ fields, limits, parts: [[], ['payload']], members: [['schema']] });
  }

  decode(bytes: Buffer, source: Utf8): Decoded | undefined {
    const input = this.#input.read(bytes, source);
    if (input === undefined || !this.#json.scan(input.bytes, input.source)) {
      this.fault = input === undefined ? this.#input.fault : this.#json.fault;
      return undefined;
    }
    const hasSchema = this.#json.member(0) !== undefined && this.#json.part(1) !== undefined;
    return this.#json.document(hasSchema && !input.isFramed ? 1 : 0);
  }
}

/** Where a value in the row is the placeholder, or -1. A member of that name is none. */
function unavailableIn(source: Utf8, { start, end }: Range): number {
  for (const placeholder of UNAVAILABLE) {
    for (let at = source.indexOf(placeholder, start); at >= 0 && at < end;) {
      if (!/^\s*:/.test(source.slice(at + placeholder.length, at + placeholder.length + 8))) return at;
      at = source.indexOf(placeholder, at + 1);
    }
  }
  return -1;
}

const DELETED: Decoded = {
  notation: 'literal',
  source: '' as Utf8,
  ranges: new Int32Array(0),
  isDelete: true,
  headers: undefined,
  text: () => 'null' as JsonText,
};
