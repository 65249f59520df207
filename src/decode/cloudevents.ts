// CloudEvents: the document is the event's data. In binary mode the record's value is the data and its headers the attributes;
// in structured mode the value is a JSON object with both, and the attributes become headers named as in binary mode.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md

import type { JsonText, Utf8 } from '../topic/utf8.js';
import type { Decoded, Decoder, DecoderOptions, Header } from './decoder.js';
import { EventHeaders, structuredHeaders, withContentType, type Mode } from './event-attributes.js';
import type { DecodeFault } from './fault.js';
import { JsonDecoder } from './json-decoder.js';
import { JsonOrFramed, type UncheckedJson } from './json-or-framed.js';
import { isJsonType, isTextType, mediaTypeOf } from './media-type.js';
import { PartedJson } from './parted-json.js';
import { TextDecoder } from './text-decoder.js';
import type { FieldPath } from '../json/wanted-field.js';

/** Of a structured event; `MEMBERS` in this order. */
const [SPEC_VERSION, ID, SOURCE, TYPE, CONTENT_TYPE] = [0, 1, 2, 3, 4];
const MEMBERS: readonly FieldPath[] = [['specversion'], ['id'], ['source'], ['type'], ['datacontenttype']];
const [DATA, DATA_BASE64] = [0, 1];

/** Invariant: after `decode` returned undefined, `fault` says why; else it is the event, until the next call. */
export class CloudEventsDecoder implements Decoder, Decoded {
  readonly readsHeaders = true;
  readonly prepare?: (bytes: Buffer) => Promise<void> | undefined;
  readonly isDelete = false;
  fault: { readonly code: DecodeFault; readonly at: number } = { code: 'invalid', at: 0 };
  readonly #input: JsonOrFramed;
  readonly #event: PartedJson;
  readonly #json: JsonDecoder;
  readonly #text: TextDecoder;
  readonly #bytes: TextDecoder;
  readonly #nothing: Decoded;
  #document: Decoded;
  readonly #eventHeaders = new EventHeaders();
  #recordHeaders: readonly Header[] | undefined;
  #mode: Mode['is'] = 'binary';

  constructor(options: DecoderOptions) {
    const { fields, limits } = options;
    this.#input = new JsonOrFramed(options);
    if (this.#input.prepare !== undefined) this.prepare = this.#input.prepare;
    const parts = [['data'], ['data_base64']];
    this.#event = new PartedJson({ fields, limits, parts, members: MEMBERS });
    this.#json = new JsonDecoder(fields, limits);
    this.#text = new TextDecoder(fields, limits, 'string');
    this.#bytes = new TextDecoder(fields, limits, 'bytes');
    this.#nothing = nullDocument(fields);
    this.#document = this.#nothing;
  }

  get notation() {
    return this.#document.notation;
  }

  get source() {
    return this.#document.source;
  }

  get ranges() {
    return this.#document.ranges;
  }

  text(): JsonText {
    return this.#document.text();
  }

  /** Made when it is asked for. */
  get headers(): readonly Header[] | undefined {
    return this.#mode === 'structured'
      ? structuredHeaders(this.#event, [DATA, DATA_BASE64], this.#recordHeaders)
      : withContentType(this.#recordHeaders, this.#eventHeaders.contentType);
  }

  decode(bytes: Buffer, source: Utf8, headers: readonly Header[] | undefined): Decoded | undefined {
    this.#recordHeaders = headers;
    const input = this.#input.read(bytes, source);
    if (input === undefined) return this.#refused(this.#input.fault);
    this.#eventHeaders.read(headers);
    const mode = this.#eventHeaders.modeOf(input);
    if (mode.is === 'unsupported') return this.#refuse('invalid');
    this.#mode = mode.is;
    const document =
      mode.is === 'structured' ? this.#structured(input) : this.#binary(input, mode.contentType);
    if (document !== undefined) this.#document = document;
    return document && this;
  }

  #binary(input: UncheckedJson, contentType: string | undefined): Decoded | undefined {
    if (!this.#eventHeaders.isComplete) return this.#refuse('invalid');
    if (input.isFramed || contentType === undefined || isJsonType(contentType))
      return this.#decoded(this.#json, input);
    return this.#decoded(isTextType(contentType) ? this.#text : this.#bytes, input);
  }

  #structured(input: UncheckedJson): Decoded | undefined {
    const event = this.#event;
    if (!event.scan(input.bytes, input.source)) return this.#refused(event.fault);
    const isEvent = this.#isText(ID) && this.#isText(SOURCE) && this.#isText(TYPE) && this.#isVersion1();
    const hasData = event.part(DATA) !== undefined;
    const base64 = event.part(DATA_BASE64);
    const isEncoded = base64 !== undefined && !event.isNull(base64);
    if (!isEvent || (hasData && isEncoded)) return this.#refuse('invalid');
    if (hasData) return event.document(DATA);
    return isEncoded ? this.#fromBase64(event.parse(base64)) : this.#nothing;
  }

  #fromBase64(data: unknown): Decoded | undefined {
    if (typeof data !== 'string') return this.#refuse('invalid');
    const range = this.#event.member(CONTENT_TYPE);
    const contentType = range && this.#event.parse(range);
    if (typeof contentType !== 'string' || !isJsonType(mediaTypeOf(contentType)))
      return this.#event.document(DATA_BASE64);
    const bytes = Buffer.from(data, 'base64');
    return this.#decoded(this.#json, { bytes, source: bytes.toString('latin1') as Utf8 });
  }

  #isText(member: number): boolean {
    const range = this.#event.member(member);
    return range !== undefined && range.end - range.start > 2 && this.#event.source[range.start] === '"';
  }

  #isVersion1(): boolean {
    const { start = 0, end = 0 } = this.#event.member(SPEC_VERSION) ?? {};
    return /^"1(\.[\d.]*)?"$/.test(this.#event.source.slice(start, end));
  }

  #decoded(
    decoder: JsonDecoder | TextDecoder,
    { bytes, source }: Pick<UncheckedJson, 'bytes' | 'source'>,
  ): Decoded | undefined {
    return decoder.decode(bytes, source) ?? this.#refused(decoder.fault);
  }

  #refuse(code: DecodeFault): undefined {
    return this.#refused({ code, at: 0 });
  }

  #refused(fault: { readonly code: DecodeFault; readonly at: number }): undefined {
    this.fault = fault;
    return undefined;
  }
}

/** Of an event without data. */
function nullDocument(fields: readonly FieldPath[]): Decoded {
  const source = 'null' as JsonText;
  const ranges = new Int32Array(2 * fields.length).fill(-1);
  const root = fields.findIndex((path) => path.length === 0);
  if (root >= 0) ranges.set([0, source.length], 2 * root);
  return { notation: 'literal', source, ranges, isDelete: false, headers: undefined, text: () => source };
}
