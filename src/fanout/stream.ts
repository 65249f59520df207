// A stream is one (path, view): what has an alias on the wire, and one message per change, whoever is listening.

import { diff, diffTexts, type Delta } from '../diff/delta.js';
import type { Entry } from '../cache/cache.js';
import type { View } from '../entitle/view.js';
import type { Alias } from '../protocol/data-lines.js';
import { parseJson, stringifyJson, type Json } from '../topic/json.js';
import type { Ms, Version } from '../topic/update.js';
import type { JsonText } from '../topic/utf8.js';
import type { Audience } from './audience.js';
import { DeltaMessage, DeleteMessage, KeyframeMessage, type Message } from './message.js';
import type { Transition } from './transition.js';

/** What the edge hangs on a path that somebody watches. */
export interface Watch {
  /** The parsed current value, if the last change needed it. */
  value: Json | undefined;
  readonly streams: Stream[];
}

export type WatchedEntry = Entry<Watch>;

/** Invariant: a client that holds any version in [since, entry.version] of this stream holds its current projected value. */
export class Stream {
  readonly alias: Alias;
  readonly entry: WatchedEntry;
  readonly view: View;
  /** Who listens. An audience stands here once. */
  readonly audiences: Audience[] = [];
  #since: Version;
  #isGone = false;
  #keyframe: KeyframeMessage | undefined;
  #viewedBytes = 0;

  constructor(alias: Alias, entry: WatchedEntry, view: View) {
    this.alias = alias;
    this.entry = entry;
    this.view = view;
    this.#since = entry.version;
  }

  /** Version of the last change that was visible here; of the making, before there was one. */
  get since(): Version {
    return this.#since;
  }

  /** The path no longer exists: this stream has said its last word. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Bytes of the whole value as it is seen here; of a view that leaves something out, when it was last made. For metrics. */
  get wholeBytes(): number {
    return this.view.isIdentity ? this.entry.text.length : this.#viewedBytes;
  }

  /** What a session without a base gets. Shared until the next change; undefined when the view shows nothing. */
  keyframe(): KeyframeMessage | undefined {
    if (this.#keyframe?.version !== this.entry.version) {
      // an equal value has a version too
      const text = this.#projectedText();
      this.#keyframe = text === undefined ? undefined : new KeyframeMessage(this, text);
    }
    return this.#keyframe;
  }

  /** The entry has changed: what to say about it, if anything is visible here. */
  advance(change: Transition): Message | undefined {
    const message = this.view.isIdentity ? this.#wholeChange(change) : this.#viewedChange(change);
    this.#keyframe = undefined; // it carries the version, and a joiner wants the newest
    if (message !== undefined) this.#since = this.entry.version;
    return message;
  }

  /** The path is gone. */
  end(version: Version, at: Ms): DeleteMessage {
    this.#isGone = true;
    this.#keyframe = undefined;
    this.#since = version;
    return new DeleteMessage(this, version, at);
  }

  #wholeChange(change: Transition): Message | undefined {
    const delta = diffTexts(change.previousText, change.nextText);
    return this.#deltaMessage(
      delta === 'unknown' ? diff(change.previous, change.next, change.nextText) : delta,
    );
  }

  #viewedChange(change: Transition): Message | undefined {
    const { view, entry } = this;
    const before = view.project(change.previous);
    const after = view.project(change.next);
    if (after === undefined) {
      return before === undefined ? undefined : new DeleteMessage(this, entry.version, entry.at);
    }
    if (before === undefined) return new KeyframeMessage(this, this.#viewedText(after));
    return this.#deltaMessage(diff(before, after, undefined));
  }

  #deltaMessage(delta: Delta | undefined): DeltaMessage | undefined {
    return delta === undefined ? undefined : new DeltaMessage(this, delta);
  }

  #projectedText(): JsonText | undefined {
    if (this.view.isIdentity) return this.entry.text;
    const value = this.view.project(parseJson(this.entry.text));
    return value === undefined ? undefined : this.#viewedText(value);
  }

  #viewedText(value: Json): JsonText {
    const text = stringifyJson(value);
    this.#viewedBytes = text.length;
    return text;
  }
}
