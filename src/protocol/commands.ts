// What a client may say: one text message holds one or more lines, each a JSON object with `op`. This file turns a message
// into typed commands or typed faults. It does not know whether a session may do what it asks. PROTOCOL.md P10-P18.

import { parseFilter, type Filter } from '../topic/filter.js';
import { parsePath, type TopicPath } from '../topic/path.js';
import type { Alias } from './data-lines.js';
import type { CommandId } from './control-lines.js';
import {
  flag,
  id,
  isFields,
  isTooDeep,
  list,
  MAX_COMMAND_DEPTH,
  own,
  parseObject,
  pointers,
  readId,
  Refusal,
  whole,
  type Fields,
} from './command-fields.js';
import type { ErrorCode } from './error-codes.js';

/** Shows who the client is; as the first message it opens the session, later it renews the token. */
export interface AuthCommand {
  readonly op: 'auth';
  readonly id: CommandId;
  /** Absent: an anonymous session, where the configuration has one. */
  readonly token: string | undefined;
  /** Whether the client will send `ack`; without, WebSocket pings stand in. */
  readonly acks: boolean;
  /** Whether the client offered state to go on from. */
  readonly resume: boolean;
  /** Subscriptions to make at once, so that they cost no round trip. */
  readonly subscribe: readonly SubscribeCommand[];
}

export interface SubscribeCommand {
  readonly op: 'subscribe';
  readonly id: CommandId;
  /** At least one. */
  readonly filters: readonly Filter[];
  /** JSON pointers of what the client wants to see of each value; undefined: all. */
  readonly fields: readonly string[] | undefined;
  /** Whether the values that exist now are wanted, or changes only. */
  readonly snapshot: boolean;
  /** Whether each data line carries its event time. */
  readonly times: boolean;
}

export interface UnsubscribeCommand {
  readonly op: 'unsubscribe';
  readonly id: CommandId;
  readonly sub: number;
}

/** Asks for one current value, without subscribing. */
export interface GetCommand {
  readonly op: 'get';
  readonly id: CommandId;
  readonly path: TopicPath;
  readonly fields: readonly string[] | undefined;
}

/** The client has processed this many WebSocket messages of the connection. Has no reply. */
export interface AckCommand {
  readonly op: 'ack';
  readonly frames: number;
}

/** The client's value of a stream cannot be trusted: the server sends a keyframe. Has no other reply. */
export interface ResyncCommand {
  readonly op: 'resync';
  readonly alias: Alias;
}

export type Command =
  AuthCommand | SubscribeCommand | UnsubscribeCommand | GetCommand | AckCommand | ResyncCommand;

export type ParsedLine =
  | { readonly kind: 'command'; readonly command: Command }
  /** A command that cannot be done, told in band; the session goes on. */
  | {
      readonly kind: 'refused';
      readonly re: CommandId | undefined;
      readonly code: ErrorCode;
      readonly message: string;
    }
  /** Not a JSON object: whoever sends this does not speak the protocol. */
  | { readonly kind: 'garbage'; readonly message: string };

/** The lines of one text message, in order. Empty lines are nothing. Stops at the first garbage. */
export function* parseMessage(text: string): Generator<ParsedLine> {
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    yield parsed;
    if (parsed.kind === 'garbage') return;
  }
}

function parseLine(line: string): ParsedLine {
  if (isTooDeep(line)) return { kind: 'garbage', message: `nested deeper than ${MAX_COMMAND_DEPTH}` };
  const fields = parseObject(line);
  if (fields === undefined) return { kind: 'garbage', message: 'not a JSON object' };
  try {
    return { kind: 'command', command: parseCommand(fields) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'refused', re: readId(fields), code: error.code, message: error.message };
  }
}

const PARSERS: Readonly<Record<Command['op'] | 'tree', (fields: Fields) => Command>> = {
  auth: parseAuth,
  subscribe: parseSubscribe,
  unsubscribe: (fields) => ({ op: 'unsubscribe', id: id(fields), sub: whole(fields, 'sub') }),
  get: (fields) => ({ op: 'get', id: id(fields), path: path(fields), fields: pointers(fields, 'fields') }),
  ack: (fields) => ({ op: 'ack', frames: whole(fields, 'frames') }),
  resync: (fields) => ({ op: 'resync', alias: whole(fields, 'a') }),
  tree: () => unsupported('tree'),
};

/** Names of all commands that are known, `tree` being known and refused. Part of the wire's fingerprint. */
export const COMMAND_NAMES: readonly string[] = Object.keys(PARSERS);

function parseCommand(fields: Fields): Command {
  const op = own(fields, 'op');
  if (typeof op !== 'string') throw new Refusal('bad_command', '"op" must be a string');
  if (!isKnown(op)) throw new Refusal('unknown_command', 'no command of this name');
  return PARSERS[op](fields);
}

function isKnown(op: string): op is keyof typeof PARSERS {
  return Object.hasOwn(PARSERS, op);
}

function parseAuth(fields: Fields): AuthCommand {
  const token = own(fields, 'token');
  if (token !== undefined && typeof token !== 'string')
    throw new Refusal('bad_command', '"token" must be a string');
  return {
    op: 'auth',
    id: id(fields),
    token,
    acks: flag(fields, 'acks', false),
    resume: own(fields, 'resume') !== undefined,
    subscribe: list(fields, 'subscribe').map((entry) => {
      if (!isFields(entry)) throw new Refusal('bad_command', '"subscribe" must hold objects');
      return parseSubscribe(entry);
    }),
  };
}

function parseSubscribe(fields: Fields): SubscribeCommand {
  for (const later of ['where', 'maxRate']) if (own(fields, later) !== undefined) unsupported(later);
  const filters = list(fields, 'filters').map(filter);
  if (filters.length === 0) throw new Refusal('bad_command', '"filters" must hold at least one filter');
  return {
    op: 'subscribe',
    id: id(fields),
    filters,
    fields: pointers(fields, 'fields'),
    snapshot: flag(fields, 'snapshot', true),
    times: flag(fields, 'times', false),
  };
}

function filter(text: unknown): Filter {
  if (typeof text !== 'string') throw new Refusal('bad_command', '"filters" must hold strings');
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Refusal('bad_filter', `a filter ${parsed.fault}`);
  return parsed.filter;
}

function path(fields: Fields): TopicPath {
  const text = own(fields, 'path');
  if (typeof text !== 'string') throw new Refusal('bad_command', '"path" must be a string');
  const parsed = parsePath(text);
  if (!parsed.ok) throw new Refusal('bad_path', `the path ${parsed.fault}`);
  return parsed.path;
}

function unsupported(what: string): never {
  throw new Refusal('unsupported', `"${what}" is not supported by this server`);
}
