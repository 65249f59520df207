// Reads the fields of a foreign JSON object, each into its type or into a refusal that names it. Which fields a command has is
// commands.ts.

import { parsePointer } from '../topic/pointer.js';
import type { CommandId } from './control-lines.js';
import type { ErrorCode } from './error-codes.js';

/** Most fields of one subscription or get. */
export const MAX_FIELDS = 64;
/** Deepest nesting of a command: `resume` needs four. */
export const MAX_COMMAND_DEPTH = 8;

/** One line as JSON.parse gives it: read through the functions here only. */
export type Fields = Readonly<Record<string, unknown>>;

/** Thrown while one line is read, and caught by its parser: the command is answered with an error. */
export class Refusal extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** The object that a line is; undefined: something else, or no JSON. */
export function parseObject(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The number of the command. */
export function id(fields: Fields): CommandId {
  const value = readId(fields);
  if (value === undefined) throw new Refusal('bad_command', '"id" must be a whole number from 0 on');
  return value;
}

/** The same where it may be missing or wrong: for the reply to a refused command. */
export function readId(fields: Fields): CommandId | undefined {
  const value = own(fields, 'id');
  return isWhole(value) ? value : undefined;
}

/** A whole number from 0 on that a double holds exactly. */
export function whole(fields: Fields, name: string): number {
  const value = own(fields, name);
  if (!isWhole(value)) throw new Refusal('bad_command', `"${name}" must be a whole number from 0 on`);
  return value;
}

/** True or false, or `otherwise` where it is not said. */
export function flag(fields: Fields, name: string, otherwise: boolean): boolean {
  const value = own(fields, name);
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw new Refusal('bad_command', `"${name}" must be true or false`);
  return value;
}

/** An array of whatever; empty where there is none. */
export function list(fields: Fields, name: string): readonly unknown[] {
  const value = own(fields, name) ?? [];
  if (!Array.isArray(value)) throw new Refusal('bad_command', `"${name}" must be an array`);
  return value;
}

/** A list of JSON pointers; undefined where there is none. */
export function pointers(fields: Fields, name: string): readonly string[] | undefined {
  if (own(fields, name) === undefined) return undefined;
  const texts = list(fields, name);
  if (texts.length === 0 || texts.length > MAX_FIELDS) {
    throw new Refusal('bad_command', `"${name}" must hold 1 to ${MAX_FIELDS} JSON pointers`);
  }
  return texts.map((pointer) => {
    if (isPointer(pointer)) return pointer;
    throw new Refusal('bad_command', `"${name}" must hold JSON pointers such as "/bid"`);
  });
}

/** The empty pointer, the whole value, is what a client gets without asking. */
function isPointer(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 255 && parsePointer(value).ok;
}

/** Own fields only: what an object inherits was not said by the client. */
export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** An object that is no array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Counts brackets outside strings before anything is built of them. */
export function isTooDeep(line: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (isInString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > MAX_COMMAND_DEPTH) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return false;
}
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
