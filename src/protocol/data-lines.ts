// The shared lines of `tailrace.v1.json`: encoded once, sent to every session of a stream. PROTOCOL.md is the reference;
// rule numbers there are named here. All text is UTF-8 bytes (Utf8), without the newline that joins lines to a message.

import type { TopicPath } from '../topic/path.js';
import type { Ms, Version } from '../topic/update.js';
import { utf8FromText, type JsonText, type Utf8 } from '../topic/utf8.js';

/** First element of each data line. */
export const Tag = {
  Keyframe: 0,
  Full: 1,
  Merge: 2,
  Patch: 3,
  Delete: 4,
  PathStale: 5,
  PathFresh: 6,
  SourceStale: 7,
  SourceFresh: 8,
  AtomicBegin: 9,
  AtomicEnd: 10,
  Even: 11,
} as const;

/** Number that stands for one stream on the wire, never used again within an edge's life. */
export type Alias = number;

export interface Keyframe {
  readonly alias: Alias;
  readonly version: Version;
  /** Index of the log partition. */
  readonly x: number;
  /** Number of the intent (what the client asked to see of a value). */
  readonly intent: number;
  readonly path: TopicPath;
  readonly value: JsonText;
  readonly at: Ms;
}

/** `[0,a,v,x,n,"path",value,at]`: names the alias and gives the whole value. */
export function keyframeLine(k: Keyframe): Utf8 {
  const path = utf8FromText(JSON.stringify(k.path));
  return `[0,${k.alias},${k.version},${k.x},${k.intent},${path},${k.value},${k.at}]` as Utf8;
}

/** `[1,a,v,value]`, with the event time behind it where the intent asks for times. */
export function fullLine(alias: Alias, version: Version, value: JsonText, at: Ms | undefined): Utf8 {
  return `[1,${alias},${version},${value}${suffix(at)}]` as Utf8;
}

export interface DeltaLine {
  readonly alias: Alias;
  readonly to: Version;
  /** Applies to every held version in [to - span, to). */
  readonly span: number;
  readonly text: JsonText;
  /** Event time, where the intent asks for times. */
  readonly at: Ms | undefined;
}

/** `[2,a,v,span,merge]`: a JSON Merge Patch (RFC 7396). */
export function mergeLine(d: DeltaLine): Utf8 {
  return `[2,${d.alias},${d.to},${d.span},${d.text}${suffix(d.at)}]` as Utf8;
}

/** `[3,a,v,span,[op...]]`: a JSON Patch (RFC 6902) of add, remove and replace. */
export function patchLine(d: DeltaLine): Utf8 {
  return `[3,${d.alias},${d.to},${d.span},${d.text}${suffix(d.at)}]` as Utf8;
}

/** `[4,a,v]`: the path is gone for this session; what comes next of it is a keyframe. */
export function deleteLine(alias: Alias, version: Version, at: Ms | undefined): Utf8 {
  return `[4,${alias},${version}${suffix(at)}]` as Utf8;
}

/** `[5,a]` or `[6,a]`: the path's newest record could not be used, or a good one has come since. */
export function pathFreshnessLine(alias: Alias, isStale: boolean): Utf8 {
  return `[${isStale ? Tag.PathStale : Tag.PathFresh},${alias}]` as Utf8;
}

/** `[7,[x..],since]`: these partitions have not been current since then. */
export function sourceStaleLine(partitions: readonly number[], since: Ms): Utf8 {
  return `[7,${JSON.stringify(partitions)},${since}]` as Utf8;
}

/** `[8,[x..]]`. */
export function sourceFreshLine(partitions: readonly number[]): Utf8 {
  return `[8,${JSON.stringify(partitions)}]` as Utf8;
}

/** `[9]`: the lines about paths that follow, up to the end, are to be applied together. */
export function atomicBeginLine(): Utf8 {
  return '[9]' as Utf8;
}

/** `[10]`; `[10,1]`: of a transaction that has been given so far the rest is still to come. */
export function atomicEndLine({ isSplit }: { readonly isSplit: boolean }): Utf8 {
  return (isSplit ? '[10,1]' : '[10]') as Utf8;
}

/** `[11,[[x,pos]..]]`: everything below these positions has been delivered to this session. */
export function evenLine(cut: readonly (readonly [x: number, position: Version])[]): Utf8 {
  return `[11,${JSON.stringify(cut)}]` as Utf8;
}

function suffix(at: Ms | undefined): string {
  return at === undefined ? '' : `,${at}`;
}
