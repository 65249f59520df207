// The server's control lines of `tailrace.v1.json`: JSON objects for one session, in order with its data lines.
// Shared data lines are data-lines.ts. Fields that are undefined are left out. PROTOCOL.md is the reference.

import type { TopicPath } from '../topic/path.js';
import type { Epoch, Ms, Version } from '../topic/update.js';
import { utf8FromText, type JsonText, type Utf8 } from '../topic/utf8.js';
import { ERROR_CODES, type ErrorCode } from './error-codes.js';

/** The client's number of a command; its reply carries it as `re`. */
export type CommandId = number;

/** A log partition as clients know it: index on the wire, identity of its log, number in that log. */
export interface WirePartition {
  readonly x: number;
  readonly epoch: Epoch;
  readonly part: number;
}

/** What a session must keep to, told in the welcome. */
export interface WireLimits {
  readonly messageBytes: number;
  readonly filters: number;
  readonly commandsPerSecond: number;
  readonly commandBurst: number;
}

export interface Welcome {
  /** Absent when the token came in the `Authorization` header. */
  readonly re: CommandId | undefined;
  /** Names the session in logs; of no other use. */
  readonly session: string;
  readonly partitions: readonly WirePartition[];
  /** Whether the offered state goes on; false: the client starts anew. */
  readonly resumed: boolean;
  /** Wall time at which data stops unless the token is refreshed. */
  readonly expiresAt: Ms | undefined;
  /** The longest silence of the server: nothing for twice as long means that the connection is dead. */
  readonly beatMs: Ms;
  readonly limits: WireLimits;
}

export function welcomeLine(w: Welcome): Utf8 {
  return line({
    re: w.re,
    op: 'welcome',
    session: w.session,
    x: w.partitions.map(wirePartition),
    resumed: w.resumed,
    exp: w.expiresAt,
    beatMs: w.beatMs,
    limits: w.limits,
  });
}

/** Answer to `auth` on a session that is authenticated already. */
export function refreshedLine(re: CommandId, expiresAt: Ms | undefined): Utf8 {
  return line({ re, op: 'refreshed', exp: expiresAt });
}

export interface Subscribed {
  readonly re: CommandId;
  /** Number of the subscription, unique in the session. */
  readonly sub: number;
  /** Number of its intent: the `n` of the keyframes that belong to it. */
  readonly n: number;
  /** Whether any rule could ever let a path of these filters be seen; says nothing about what exists. */
  readonly rights: 'some' | 'none';
}

export function subscribedLine(s: Subscribed): Utf8 {
  return line({ re: s.re, op: 'subscribed', sub: s.sub, n: s.n, rights: s.rights });
}

export function unsubscribedLine(re: CommandId, sub: number): Utf8 {
  return line({ re, op: 'unsubscribed', sub });
}

export interface ValueReply {
  readonly re: CommandId;
  readonly path: TopicPath;
  readonly x: number;
  readonly version: Version;
  readonly at: Ms;
  readonly value: JsonText;
}

/** Answer to `get`. The value's bytes go in as they are. */
export function valueLine(v: ValueReply): Utf8 {
  const head = line({ re: v.re, op: 'value', path: v.path, x: v.x, v: v.version, at: v.at });
  return `${head.slice(0, -1)},"value":${v.value}}` as Utf8;
}

/** Every path that matched at `cut` has been delivered. */
export function endLine(sub: number, cut: readonly (readonly [x: number, position: Version])[]): Utf8 {
  return line({ op: 'end', sub, cut });
}

/** Forget what is held of one subscription, or of one log partition: keyframes of all that is follow. */
export function resetLine(scope: { readonly sub: number } | { readonly x: number }): Utf8 {
  return line('sub' in scope ? { op: 'reset', sub: scope.sub } : { op: 'reset', x: scope.x });
}

/** The session reads too slowly: from here on it gets the latest values only, when it has read what is on the way. */
export function laggingLine(): Utf8 {
  return LAGGING;
}

/** The session is live again; `conflated` changes were skipped on the way to the values it now holds. */
export function caughtUpLine(conflated: number): Utf8 {
  return line({ op: 'caught-up', conflated });
}

/** Number of WebSocket messages sent to this session before this line's own. A client that counted fewer resyncs all. */
export function beatLine(frames: number): Utf8 {
  return `{"op":"beat","frames":${frames}}` as Utf8;
}

/** The session's rights have changed; deletes and keyframes say how. */
export function rightsLine(): Utf8 {
  return RIGHTS;
}

/** The subscription passed the number of paths that one may hold, and has ended. */
export function limitLine(sub: number): Utf8 {
  return line({ op: 'limit', sub });
}

/** The server will close with 1012: connect again after `retryMs`, to this or another edge. */
export function goawayLine(retryMs: Ms): Utf8 {
  return line({ op: 'goaway', retryMs });
}

/** Log partitions that were not in the welcome. */
export function partitionsLine(partitions: readonly WirePartition[]): Utf8 {
  return line({ op: 'x', x: partitions.map(wirePartition) });
}

export interface WireError {
  /** Absent when the fault has no command, or its `id` could not be read. */
  readonly re: CommandId | undefined;
  readonly code: ErrorCode;
  readonly message: string;
  /** How long a client must wait, where the server knows. */
  readonly retryAfterMs?: Ms;
}

export function errorLine(e: WireError): Utf8 {
  const { code, message, retryAfterMs } = e;
  return line({ re: e.re, error: { code, message, retryable: ERROR_CODES[code].retryable, retryAfterMs } });
}

function line(fields: object): Utf8 {
  return utf8FromText(JSON.stringify(fields));
}

function wirePartition(p: WirePartition): readonly [number, Epoch, number] {
  return [p.x, p.epoch, p.part];
}

const LAGGING = line({ op: 'lagging' });
const RIGHTS = line({ op: 'rights' });
