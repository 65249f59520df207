// The JSON value, and the two conversions between it and its bytes. Validation of foreign bytes is src/decode.

import { toText, utf8FromText, type JsonText } from './utf8.js';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** The value of bytes that a decoder has validated. */
export function parseJson(text: JsonText): Json {
  return JSON.parse(toText(text)) as Json;
}

export function stringifyJson(value: Json): JsonText {
  return utf8FromText(JSON.stringify(value)) as JsonText;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
