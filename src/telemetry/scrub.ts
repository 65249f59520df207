// Takes secrets out of what is about to be logged: by name of the fact, and by look of the text (tokens, user-info of
// URLs). A second net: callers do not pass secrets in the first place.

import { isNativeError } from 'node:util/types';

const REDACTED = '[redacted]';
const SECRET_NAME =
  /^(authorization|cookie|credentials?)$|(secret|password|passwd|passphrase|token|private_?key|api_?key)s?$/i;
const JWT = /\beyJ[\w-]{4,}\.[\w-]*\.[\w-]*/g;
const URL_USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s?#@]+@/gi;
/** To its end, or to that of the text: a certificate and its key may stand in one file. */
const PEM_PRIVATE_KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----(?:[^]*?-----END \1PRIVATE KEY-----|[^]*$)/g;
const MAX_DEPTH = 5;
const MAX_ITEMS = 50;

/** Whether a fact or a key of this name holds a secret, so that its value must not be shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The text without the tokens, URL passwords and private keys in it. */
export function scrubText(text: string): string {
  return text
    .replace(JWT, REDACTED)
    .replace(PEM_PRIVATE_KEY, REDACTED)
    .replace(URL_USER_INFO, `$1${REDACTED}@`);
}

/** A copy that is safe to log: plain JSON, bounded in depth and width, errors as name, code, message and cause. */
export function scrubbed(facts: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  return facts === undefined ? {} : scrubRecord(facts, 0);
}

function scrubRecord(record: object, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record).slice(0, MAX_ITEMS)) {
    safe[name] = isSecretName(name) && typeof value !== 'number' ? REDACTED : scrubValue(value, depth + 1);
  }
  return safe;
}

function scrubValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (isNativeError(value)) return scrubError(value, depth);
  if (hasToJson(value)) return scrubValue(value.toJSON(), depth + 1);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => scrubValue(item, depth + 1));
  return scrubRecord(value, depth);
}

/** The stack only of what nobody expected: an error with a code of its own says enough. */
function scrubError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : { stack: scrubText(error.stack ?? '') }),
    message: scrubText(error.message),
    ...(error.cause === undefined ? {} : { cause: scrubValue(error.cause, depth + 1) }),
  };
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
