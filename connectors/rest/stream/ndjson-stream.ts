// A stream of JSON documents, one in each line. Empty lines say nothing but that the sender is there.

import { PartialMessage } from './partial-message.js';
import type { MessageStream, StreamMessage } from './stream-message.js';

const LINE_END = 0x0a;
/** Those of JSON; CR is before the end of a line too. */
const SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d]);

/** Invariant: every line is one message, in whatever pieces it came. */
export class NdjsonStream implements MessageStream {
  readonly retryMs = undefined;
  readonly #partial: PartialMessage;

  constructor(maxBytes: number) {
    this.#partial = new PartialMessage(maxBytes);
  }

  *read(chunk: Buffer): Generator<StreamMessage> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      yield* this.#line(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#partial.add(chunk.subarray(start));
  }

  /** A last line without its end is as good as any, if it is whole. */
  *end(): Generator<StreamMessage> {
    yield* this.#line(Buffer.alloc(0));
  }

  *#line(last: Buffer): Generator<StreamMessage> {
    const document = this.#partial.complete(last);
    if (!isEmpty(document)) yield { document, isDelete: false, id: undefined };
  }
}

function isEmpty(line: Buffer): boolean {
  return line.every((byte) => SPACE.has(byte));
}
