// What an outbox holds: things to say whose bytes are made once, when first needed, and shared by every session that gets them.

import type { Delta } from '../diff/delta.js';
import {
  atomicBeginLine,
  atomicEndLine,
  deleteLine,
  fullLine,
  keyframeLine,
  mergeLine,
  patchLine,
  pathFreshnessLine,
} from '../protocol/data-lines.js';
import type { Ms, Version } from '../topic/update.js';
import type { JsonText, Utf8 } from '../topic/utf8.js';
import type { Stream } from './stream.js';

/** Each has a `line()`: its line on the wire, the same string at every call. All but the last two belong to a stream. */
export type Message =
  KeyframeMessage | DeltaMessage | DeleteMessage | FreshnessMessage | BracketMessage | ControlMessage;

/** The whole value, with what names the alias. */
export class KeyframeMessage {
  readonly kind = 'keyframe';
  readonly stream: Stream;
  readonly version: Version;
  readonly #value: JsonText;
  readonly #at: Ms;
  #line: Utf8 | undefined;

  constructor(stream: Stream, value: JsonText) {
    this.stream = stream;
    this.version = stream.entry.version;
    this.#value = value;
    this.#at = stream.entry.at;
  }

  line(): Utf8 {
    const { alias, entry, view } = this.stream;
    return (this.#line ??= keyframeLine({
      alias,
      version: this.version,
      x: entry.x,
      intent: view.intent.n,
      path: entry.path,
      value: this.#value,
      at: this.#at,
    }));
  }
}

/** One change of a stream: right for every session that holds a version in [base, to). */
export class DeltaMessage {
  readonly kind = 'delta';
  readonly stream: Stream;
  readonly delta: Delta;
  readonly base: Version;
  readonly to: Version;
  readonly #at: Ms | undefined;
  #line: Utf8 | undefined;

  constructor(stream: Stream, delta: Delta) {
    this.stream = stream;
    this.delta = delta;
    this.base = stream.since;
    this.to = stream.entry.version;
    this.#at = stream.view.intent.times ? stream.entry.at : undefined;
  }

  line(): Utf8 {
    return (this.#line ??= this.#encode());
  }

  #encode(): Utf8 {
    const { alias } = this.stream;
    const at = this.#at;
    const line = { alias, to: this.to, span: this.to - this.base, text: this.delta.text, at };
    switch (this.delta.form) {
      case 'merge':
        return mergeLine(line);
      case 'patch':
        return patchLine(line);
      case 'full':
        return fullLine(alias, this.to, this.delta.text, at);
    }
  }
}

/** The path is gone, or is no longer visible in this stream. */
export class DeleteMessage {
  readonly kind = 'delete';
  readonly stream: Stream;
  readonly #version: Version;
  readonly #at: Ms | undefined;
  #line: Utf8 | undefined;

  constructor(stream: Stream, version: Version, at: Ms) {
    this.stream = stream;
    this.#version = version;
    this.#at = stream.view.intent.times ? at : undefined;
  }

  line(): Utf8 {
    return (this.#line ??= deleteLine(this.stream.alias, this.#version, this.#at));
  }
}

/** The path's value became old, or current again, without a change. */
export class FreshnessMessage {
  readonly kind = 'freshness';
  readonly stream: Stream;
  readonly #isStale: boolean;

  constructor(stream: Stream) {
    this.stream = stream;
    this.#isStale = stream.entry.isStale;
  }

  line(): Utf8 {
    return pathFreshnessLine(this.stream.alias, this.#isStale);
  }
}

/** The beginning or end of what a client applies together. There are three, so that equal outboxes stay equal. */
export class BracketMessage {
  readonly kind = 'bracket';
  readonly stream = undefined;
  readonly #line: Utf8;

  constructor(line: Utf8) {
    this.#line = line;
  }

  line(): Utf8 {
    return this.#line;
  }
}

export const BRACKET_BEGIN = new BracketMessage(atomicBeginLine());
export const BRACKET_END = new BracketMessage(atomicEndLine({ isSplit: false }));
/** The client has been given only a part of some transaction. */
export const BRACKET_SPLIT = new BracketMessage(atomicEndLine({ isSplit: true }));

/** A line that belongs to no stream: replies, notices, beats. `end` is void when what it ends starts anew. */
export class ControlMessage {
  readonly kind: 'control' | 'end';
  readonly stream = undefined;
  readonly #line: Utf8;

  constructor(line: Utf8, kind: 'control' | 'end' = 'control') {
    this.#line = line;
    this.kind = kind;
  }

  line(): Utf8 {
    return this.#line;
  }
}
