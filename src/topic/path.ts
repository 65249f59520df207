// Topic paths: the address of one current value. One canonical form, so that no two accepted strings are the same path.
//
//   path     = segment *31( "/" segment )          at most 255 bytes of UTF-8
//   segment  = 1*( any character but those below | "%" HEX HEX )
//   escaped, and only these: "/" "*" "%" "{" "}", U+0000-U+001F, U+007F-U+009F, and the segments "." and ".."
//
// An escape is the upper-case hexadecimal UTF-8 of a character that must be escaped; any other "%" is refused.

declare const topicPath: unique symbol;

/** A canonical path, made only by {@link parsePath} or {@link joinSegments}. */
export type TopicPath = string & { readonly [topicPath]: true };

export const MAX_PATH_BYTES = 255;
export const MAX_PATH_SEGMENTS = 32;

/** Why a string is not a path; the words are part of error messages to clients and operators. */
export type PathFault =
  | 'is empty'
  | 'has an empty segment'
  | 'has more than 32 segments'
  | 'is longer than 255 bytes'
  | 'has a character that must be escaped'
  | 'has an escape that is not canonical'
  | 'has a lone surrogate';

export type ParsedPath =
  { readonly ok: true; readonly path: TopicPath } | { readonly ok: false; readonly fault: PathFault };

/** Checks a whole path as a client or a configuration writes it. Linear in its length. */
export function parsePath(text: string): ParsedPath {
  const fault = faultOfPath(text);
  return fault === undefined ? { ok: true, path: text as TopicPath } : { ok: false, fault };
}

/**
 * Escapes one value as one segment: the only way from data to a segment, so that `a/b` never becomes two segments.
 * Empty text has no segment: `undefined`. So has text with a lone surrogate, which has no bytes.
 */
export function escapeSegment(raw: string): string | undefined {
  if (raw === '' || !raw.isWellFormed()) return undefined;
  if (raw === '.') return '%2E';
  if (raw === '..') return '%2E%2E';
  return MUST_ESCAPE.test(raw) ? raw.replace(MUST_ESCAPE_ALL, percentEncode) : raw;
}

/** The value that a canonical segment stands for: the inverse of {@link escapeSegment}. */
export function unescapeSegment(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment;
}

/** A path from segments that are canonical already (escaped, or literals that a template has checked). */
export function joinSegments(segments: readonly string[]): ParsedPath {
  const text = segments.join('/');
  if (segments.length > MAX_PATH_SEGMENTS) return { ok: false, fault: 'has more than 32 segments' };
  if (isTooLong(text)) return { ok: false, fault: 'is longer than 255 bytes' };
  return { ok: true, path: text as TopicPath };
}

export function segmentsOf(path: TopicPath): string[] {
  return path.split('/');
}

function faultOfPath(text: string): PathFault | undefined {
  if (text === '') return 'is empty';
  if (isTooLong(text)) return 'is longer than 255 bytes';
  if (!text.isWellFormed()) return 'has a lone surrogate';
  const segments = text.split('/');
  if (segments.length > MAX_PATH_SEGMENTS) return 'has more than 32 segments';
  for (const segment of segments) {
    const fault = faultOfSegment(segment);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Why a string is not one canonical segment, or undefined. */
export function faultOfSegment(segment: string): PathFault | undefined {
  if (segment === '') return 'has an empty segment';
  if (MUST_ESCAPE_BUT_PERCENT.test(segment)) return 'has a character that must be escaped';
  if (segment.includes('%') || segment === '.' || segment === '..') {
    return escapeSegment(safeUnescape(segment)) === segment
      ? undefined
      : 'has an escape that is not canonical';
  }
  return undefined;
}

function safeUnescape(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return ''; // no segment escapes to this, so the comparison fails
  }
}

function isTooLong(text: string): boolean {
  if (text.length * 3 <= MAX_PATH_BYTES) return false; // a UTF-16 unit is at most three bytes
  return Buffer.byteLength(text, 'utf8') > MAX_PATH_BYTES;
}

const MUST_ESCAPE = /[/*%{}\u0000-\u001f\u007f-\u009f]/;
const MUST_ESCAPE_ALL = /[/*%{}\u0000-\u001f\u007f-\u009f]/g;
const MUST_ESCAPE_BUT_PERCENT = /[/*{}\u0000-\u001f\u007f-\u009f]/;

function percentEncode(character: string): string {
  const bytes = Buffer.from(character, 'utf8');
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
