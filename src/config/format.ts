// What a scalar option takes: how it is read from text or YAML, and how an editor's schema describes it.

import { isIP } from 'node:net';
import { ALLOW_WORDS, entryFault, type EntryFault } from '../outbound/address-policy.js';
import { nearest } from './suggestion.js';
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from '../units.js';
import type { FindingCode } from './finding.js';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly code: Extract<FindingCode, 'wrong-type' | 'bad-value' | 'out-of-range' | 'secret-short'>;
      /** Follows the option's name: `must be a port, 0 to 65535`. Does not quote the value. */
      readonly message: string;
      readonly suggestion?: string;
      /** Which item of a list. */
      readonly index?: number;
    };

export interface Format<T> {
  /** What the reference calls it. */
  readonly name: string;
  /** JSON Schema of what may be written. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Text in the file itself is refused, and nothing of the value is ever shown: it comes from a variable or a file. */
  readonly isSecret?: true;
  /** Of a value as YAML gives it, or of a variable's text. */
  parse(written: unknown): Parsed<T>;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

const HOST_NAME = '[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?';
/** For editors: everything that is an IPv6 address, and more. */
const LIKE_IPV6 = '[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*(%.+)?';
/** A number may stand in quotes, as it comes from a variable. */
const WHOLE_NUMBER = { type: ['integer', 'string'], pattern: '^-?[0-9]+$' };

export const host: Format<string> = {
  name: 'host',
  schema: { type: 'string', pattern: `^(${HOST_NAME}|${LIKE_IPV6})$` },
  parse(written) {
    if (typeof written !== 'string') return wrong('must be a host name or an address, as text');
    if (!new RegExp(`^${HOST_NAME}$`).test(written) && isIP(written) === 0)
      return bad('must be a host name or an address, without scheme and port');
    return { ok: true, value: written };
  },
};

export const port: Format<number> = {
  name: 'port',
  schema: { ...WHOLE_NUMBER, minimum: 0, maximum: 65535 },
  parse: (written) => number(written, { min: 0, max: 65535 }, 'a port'),
};

export function count(bounds: Bounds): Format<number> {
  return {
    name: 'whole number',
    schema: { ...WHOLE_NUMBER, minimum: bounds.min, maximum: bounds.max },
    parse: (written) => number(written, bounds, 'a whole number'),
  };
}

/** Written with a unit, resolved to milliseconds. */
export function duration(bounds: Bounds): Format<number> {
  const range = `from ${durationText(bounds.min)} to ${durationText(bounds.max)}`;
  return {
    name: 'duration',
    schema: { type: ['string', 'number'], pattern: DURATION_PATTERN, unit: 'duration' },
    parse(written) {
      const ms = parseDuration(written);
      if (ms === undefined)
        return bad('must be a duration with its unit, such as "250ms", "30s", "5m" or "24h"');
      return within(ms, bounds) ? { ok: true, value: ms } : outside(`must be ${range}`);
    },
  };
}

/** Written as a number of bytes or with a unit, resolved to bytes. */
export function size(bounds: Bounds): Format<number> {
  const range = `from ${sizeText(bounds.min)} to ${sizeText(bounds.max)}`;
  return {
    name: 'size',
    schema: {
      type: ['string', 'integer'],
      pattern: SIZE_PATTERN,
      unit: 'size',
      minimum: bounds.min,
      maximum: bounds.max,
    },
    parse(written) {
      const bytes = parseSize(written);
      if (bytes === undefined) return bad('must be a size, such as "64KiB", "1MiB" or a number of bytes');
      return within(bytes, bounds) ? { ok: true, value: bytes } : outside(`must be ${range}`);
    },
  };
}

/** Also as text, which is all that a variable can hold. */
export const onOff: Format<boolean> = {
  name: 'true | false',
  schema: { enum: [true, false, 'true', 'false'] },
  parse(written) {
    if (written === true || written === 'true') return { ok: true, value: true };
    if (written === false || written === 'false') return { ok: true, value: false };
    return bad('must be true or false');
  },
};

export function oneOf<T extends string>(words: readonly T[]): Format<T> {
  return {
    name: words.join(' | '),
    schema: { enum: words },
    parse(written) {
      const word = words.find((candidate) => candidate === written);
      if (word !== undefined) return { ok: true, value: word };
      const suggestion = typeof written === 'string' ? nearest(written, words) : undefined;
      return {
        ...bad(`must be one of ${words.join(', ')}`),
        ...(suggestion === undefined ? {} : { suggestion }),
      };
    },
  };
}

/** A secret that travels in an `Authorization` header, so visible ASCII without blanks. Resolved as text: wrap it at once. */
export function bearerSecret({ minBytes }: { readonly minBytes: number }): Format<string | undefined> {
  return {
    name: 'secret',
    schema: { type: 'string', writeOnly: true, minLength: minBytes },
    isSecret: true,
    parse(written) {
      if (typeof written !== 'string') return wrong('must be { env: NAME } or { file: PATH }');
      if (!/^[\x21-\x7e]*$/.test(written))
        return bad('must be visible ASCII without blanks, since it travels in a header');
      if (written.length >= minBytes) return { ok: true, value: written };
      const message = `has ${written.length} bytes and needs ${minBytes} or more; openssl rand -hex 32 makes one`;
      return { ok: false, code: 'secret-short', message };
    },
  };
}

const ORIGIN = '[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\\s*]+';

/** Origins exactly as browsers send them. In a variable they are separated by commas. */
export const origins: Format<readonly string[]> = {
  name: 'list of origins',
  schema: {
    anyOf: [
      { type: 'array', items: { type: 'string', pattern: `^${ORIGIN}$` } },
      { type: 'string', pattern: `^\\s*${ORIGIN}(\\s*,\\s*${ORIGIN})*\\s*$` },
    ],
  },
  parse(written) {
    const list = typeof written === 'string' ? written.split(',').map((item) => item.trim()) : written;
    if (!Array.isArray(list)) return wrong('must be a list of origins, such as [https://app.example]');
    const resolved: string[] = [];
    for (const [index, item] of list.entries()) {
      const origin = originOf(item);
      if (origin === undefined) {
        return {
          ...bad('must be scheme://host or scheme://host:port, http or https, with nothing after it'),
          index,
        };
      }
      resolved.push(origin);
    }
    return { ok: true, value: resolved };
  },
};

/** The origin as the WHATWG URL standard serialises it, default ports left out; undefined if that is not all of it. */
function originOf(written: unknown): string | undefined {
  if (typeof written !== 'string' || !new RegExp(`^${ORIGIN}$`).test(written)) return undefined;
  return URL.canParse(written) ? new URL(written).origin : undefined;
}

const RANGE = '[0-9A-Fa-f.:]+(/[0-9]{1,3})?';
const RANGE_OR_WORD = `(${ALLOW_WORDS.join('|')}|${RANGE})`;

/** Ranges of addresses, and words for some of them. In a variable they are separated by commas. */
export const addressRanges: Format<readonly string[]> = {
  name: 'list of ranges',
  schema: {
    anyOf: [
      { type: 'array', items: { type: 'string', pattern: `^${RANGE_OR_WORD}$` } },
      { type: 'string', pattern: `^\\s*(${RANGE_OR_WORD}(\\s*,\\s*${RANGE_OR_WORD})*)?\\s*$` },
    ],
  },
  parse(written) {
    const list = typeof written === 'string' ? itemsOf(written) : written;
    if (!Array.isArray(list)) return wrong('must be a list of ranges, such as [10.20.0.0/16]');
    for (const [index, item] of list.entries()) {
      const fault = typeof item === 'string' ? entryFault(item) : NOT_TEXT;
      if (fault === undefined) continue;
      const suggestion = fault.suggestion ?? nearest(String(item), ALLOW_WORDS);
      const found = { ...bad(`has an entry that ${fault.message}`), index };
      return suggestion === undefined ? found : { ...found, suggestion };
    }
    return { ok: true, value: list };
  },
};

const NOT_TEXT: EntryFault = { message: 'is no text; put it in quotes' };

function itemsOf(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function number(written: unknown, bounds: Bounds, what: string): Parsed<number> {
  const value = typeof written === 'string' && /^-?\d+$/.test(written) ? Number(written) : written;
  if (typeof value !== 'number') return wrong(`must be ${what}`);
  if (!Number.isSafeInteger(value)) return wrong(`must be ${what}, without a fraction`);
  return within(value, bounds)
    ? { ok: true, value }
    : outside(`must be ${what} from ${bounds.min} to ${bounds.max}`);
}

function within(value: number, { min, max }: Bounds): boolean {
  return value >= min && value <= max;
}

function wrong(message: string): Extract<Parsed<never>, { ok: false }> {
  return { ok: false, code: 'wrong-type', message };
}

function bad(message: string): Extract<Parsed<never>, { ok: false }> {
  return { ok: false, code: 'bad-value', message };
}

function outside(message: string): Extract<Parsed<never>, { ok: false }> {
  return { ok: false, code: 'out-of-range', message };
}

function durationText(ms: number): string {
  const [unit, factor] =
    ms >= 3_600_000 ? ['h', 3_600_000] : ms >= 60_000 ? ['m', 60_000] : ms >= 1000 ? ['s', 1000] : ['ms', 1];
  return `${ms / Number(factor)}${unit}`;
}

function sizeText(bytes: number): string {
  if (bytes >= 1024 ** 3) return `${bytes / 1024 ** 3}GiB`;
  if (bytes >= 1024 ** 2) return `${bytes / 1024 ** 2}MiB`;
  return bytes >= 1024 ? `${bytes / 1024}KiB` : `${bytes}B`;
}
