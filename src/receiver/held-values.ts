// The current values of one subscription as a client holds them, kept by the data lines of the wire: PROTOCOL.md, whose rules
// are named here. Knows nothing of sockets.

import { applyMerge } from '../diff/apply-merge.js';
import { applyPatch, PatchError } from '../diff/apply-patch.js';
import { equal } from '../diff/equal.js';
import { Tag, type Alias } from '../protocol/data-lines.js';
import type { Json } from '../topic/json.js';
import type { Ms } from '../topic/update.js';

/** As on the wire: text beyond 2^53 - 1 (P23). */
export type WireVersion = number | string;

/** What happened to one path. */
export type ValueChange =
  | { readonly path: string; readonly value: Json; readonly version: WireVersion; readonly at: Ms }
  | { readonly path: string; readonly deleted: true; readonly version: WireVersion };

export interface ValueListener {
  changed(change: ValueChange): void;
  /** What is held of the alias is of no use any more: the server must be asked for the whole value. */
  lost(alias: Alias): void;
}

interface Held {
  readonly alias: Alias;
  readonly path: string;
  /** Index of the log partition. */
  readonly x: number;
  version: WireVersion;
  /** undefined: gone, or lost. */
  value: Json | undefined;
  /** The whole value has been asked for. */
  isLost: boolean;
}

/** One data line as parsed; PROTOCOL.md has the shapes by tag. */
export type DataLine = readonly [tag: number, ...rest: unknown[]];

/** Invariant: of each path there is one alias, and what is held of it is what the server last said. */
export class HeldValues {
  readonly #listener: ValueListener;
  readonly #byAlias = new Map<Alias, Held>();
  readonly #byPath = new Map<string, Held>();
  /** Aliases whose path another has taken over: what still comes of them is nothing (P19). */
  readonly #replaced = new Set<Alias>();
  /** Those that a subscription which starts anew has not named again. */
  readonly #unconfirmed = new Set<Held>();

  constructor(listener: ValueListener) {
    this.#listener = listener;
  }

  /** Applies a line about one path; others are nothing to it. Shapes are the server's promise. */
  take(line: DataLine): void {
    const [tag, alias, version] = line as readonly [number, Alias, WireVersion];
    switch (tag) {
      case Tag.Keyframe:
        return this.#keyframe(line as unknown as KeyframeLine);
      case Tag.Full:
      case Tag.Merge:
      case Tag.Patch: {
        const held = this.#byAlias.get(alias);
        if (held !== undefined) this.#change(held, line);
        else if (!this.#replaced.has(alias)) this.#listener.lost(alias); // P19
        return;
      }
      case Tag.Delete: {
        const held = this.#byAlias.get(alias);
        if (held !== undefined && !isOlder(version, held)) this.#delete(held, version);
        return;
      }
    }
  }

  /** Everything has to be named again before the next {@link sweep} (P29). */
  doubt(): void {
    for (const held of this.#byAlias.values()) this.#unconfirmed.add(held);
  }

  /** The subscription has ended its snapshot: what it did not name again is gone (P27). */
  sweep(): void {
    for (const held of this.#unconfirmed) this.#delete(held, held.version);
    this.#unconfirmed.clear();
  }

  /** All that is held of a log partition is gone at once. */
  forget(x: number): void {
    for (const held of this.#byAlias.values()) if (held.x === x) this.#delete(held, held.version);
  }

  /** Messages have been lost on the way, so that nothing held can be trusted (P33). */
  loseAll(): void {
    for (const held of this.#byAlias.values()) if (held.value !== undefined) this.#lose(held);
  }

  #keyframe([, alias, version, x, , path, value, at]: KeyframeLine): void {
    const former = this.#byPath.get(path);
    const isOld = former?.value !== undefined && isOlder(version, former); // P20
    const held: Held = { ...(isOld ? former : { path, x, version, value }), alias, isLost: false };
    this.#byAlias.set(alias, held);
    this.#byPath.set(path, held);
    if (former !== undefined && former.alias !== alias) {
      this.#byAlias.delete(former.alias);
      this.#replaced.add(former.alias);
    }
    if (former !== undefined) this.#unconfirmed.delete(former);
    const isKnown = former?.value !== undefined && equal(former.value, value) && !isNewer(version, former);
    if (!isKnown && !isOld) this.#listener.changed({ path, value, version, at });
  }

  #change(held: Held, line: DataLine): void {
    const [tag, , version] = line as readonly [number, Alias, WireVersion];
    if (held.isLost || !isNewer(version, held)) return; // a keyframe is on its way, or it is known
    const value = tag === Tag.Full ? (line[3] as Json) : patched(held, line as unknown as DeltaLine);
    if (value === undefined) return this.#lose(held);
    const at = line[tag === Tag.Full ? 4 : 5] as Ms;
    Object.assign(held, { version, value });
    this.#listener.changed({ path: held.path, value, version, at });
  }

  #lose(held: Held): void {
    Object.assign(held, { value: undefined, isLost: true });
    this.#listener.lost(held.alias);
  }

  #delete(held: Held, version: WireVersion): void {
    const isHeld = held.value !== undefined;
    Object.assign(held, { version, value: undefined, isLost: false });
    if (isHeld) this.#listener.changed({ path: held.path, deleted: true, version });
  }
}

type KeyframeLine = readonly [0, Alias, WireVersion, x: number, n: number, path: string, value: Json, at: Ms];
type DeltaLine = readonly [2 | 3, Alias, to: WireVersion, span: number, delta: Json, at: Ms];

/** undefined: it does not fit what is held (P20). */
function patched({ value, version }: Held, [tag, , to, span, delta]: DeltaLine): Json | undefined {
  if (value === undefined || BigInt(version) < BigInt(to) - BigInt(span)) return undefined;
  if (tag === Tag.Merge) return applyMerge(value, delta);
  try {
    return applyPatch(value, delta);
  } catch (error) {
    if (error instanceof PatchError) return undefined;
    throw error;
  }
}

function isNewer(version: WireVersion, held: Held): boolean {
  return BigInt(version) > BigInt(held.version);
}

function isOlder(version: WireVersion, held: Held): boolean {
  return BigInt(version) < BigInt(held.version);
}
