// Attributes of CloudEvents as headers of records, in both of their modes: `ce_<name>`.

import { isObject, parseJson } from '../topic/json.js';
import type { Header } from './decoder.js';
import type { UncheckedJson } from './json-or-framed.js';
import { mediaTypeOf } from './media-type.js';
import type { PartedJson } from './parted-json.js';

/** How an event stands in its record. `unsupported`: several events, or in a format other than JSON. */
export type Mode =
  | { readonly is: 'binary'; readonly contentType: string | undefined }
  | { readonly is: 'structured' }
  | { readonly is: 'unsupported' };

const PREFIX = 'ce_';
const CONTENT_TYPE = 'content-type';
const STRUCTURED = 'application/cloudevents';

/** What the headers of a record say about the event in it. Invariant: it is of the headers read last. */
export class EventHeaders {
  /** The attributes that every event has are there, as headers. */
  isComplete = false;
  /** Header `content-type`. */
  contentType: Buffer | undefined;
  #specVersion: Buffer | undefined;
  #knownType = Buffer.alloc(0);
  #knownMediaType = '';

  read(headers: readonly Header[] | undefined): void {
    let found = 0;
    this.contentType = undefined;
    this.#specVersion = undefined;
    for (const { name, value } of headers ?? []) {
      if (value === null || value.length === 0) continue;
      if (name === 'ce_specversion') this.#specVersion = value;
      else if (name === 'ce_id') found |= 1;
      else if (name === 'ce_source') found |= 2;
      else if (name === 'ce_type') found |= 4;
      else if (name.length === CONTENT_TYPE.length && name.toLowerCase() === CONTENT_TYPE)
        this.contentType = value;
    }
    this.isComplete = found === 7 && isVersion1(this.#specVersion);
  }

  /** Without a word in the headers it can only be a structured event, which says so itself. */
  modeOf({ isFramed }: Pick<UncheckedJson, 'isFramed'>): Mode {
    const mediaType = this.#mediaType();
    if (mediaType === undefined && this.#specVersion === undefined) return STRUCTURED_MODE;
    if (mediaType?.startsWith(STRUCTURED) !== true) return { is: 'binary', contentType: mediaType };
    if (mediaType === `${STRUCTURED}+json`) return STRUCTURED_MODE;
    return isFramed && mediaType.startsWith(`${STRUCTURED}+`) ? STRUCTURED_MODE : { is: 'unsupported' };
  }

  /** Most records have the type of the one before. */
  #mediaType(): string | undefined {
    if (this.contentType === undefined) return undefined;
    if (!this.contentType.equals(this.#knownType)) {
      this.#knownType = Buffer.from(this.contentType);
      this.#knownMediaType = mediaTypeOf(this.#knownType.toString('utf8'));
    }
    return this.#knownMediaType;
  }
}

const STRUCTURED_MODE: Mode = { is: 'structured' };

/** `1`, `1.0`, `1.0.2`. */
function isVersion1(version: Buffer | undefined): boolean {
  return version?.[0] === 0x31 && (version.length === 1 || version[1] === 0x2e);
}

/** Of an event in binary mode: its content type is an attribute as well. undefined: the headers stand as they are. */
export function withContentType(
  headers: readonly Header[] | undefined,
  contentType: Buffer | undefined,
): readonly Header[] | undefined {
  if (headers === undefined || contentType === undefined) return undefined;
  return [...headers, { name: `${PREFIX}datacontenttype`, value: contentType }];
}

/** Of an event in structured mode: its attributes, in place of headers of such names. `dataParts`: what is no attribute. */
export function structuredHeaders(
  event: PartedJson,
  dataParts: readonly number[],
  headers: readonly Header[] | undefined,
): readonly Header[] {
  const attributes = parseJson(event.textWithout(dataParts));
  const members = isObject(attributes) ? Object.entries(attributes) : [];
  return [
    ...(headers ?? []).filter(({ name }) => !name.startsWith(PREFIX)),
    ...members.flatMap(([name, value]) => (typeof value === 'object' ? [] : [header(name, String(value))])),
  ];
}

function header(name: string, text: string): Header {
  return { name: PREFIX + name, value: Buffer.from(text) };
}
