// Server-sent events (WHATWG HTML, 9.2) as messages. The bytes are cut into events here, so that no event is larger than allowed
// and none waits for what comes after it; what their fields say is the library's.
// An event named `delete` or `remove` says that its items are gone; one with the name of a heartbeat says nothing; any other name
// makes no difference.

import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { PartialMessage } from './partial-message.js';
import type { MessageStream, StreamMessage } from './stream-message.js';

const DELETES: ReadonlySet<string> = new Set(['delete', 'remove']);
const HEARTBEATS: ReadonlySet<string> = new Set(['ping', 'heartbeat', 'keepalive', 'keep-alive']);

const CR = 0x0d;
const LF = 0x0a;

/** Invariant: the parser is given whole events only, a char a byte, lines ended by LF. */
export class SseStream implements MessageStream {
  readonly #partial: PartialMessage;
  readonly #parser: EventSourceParser;
  #event: EventSourceMessage | undefined;
  #retryMs: number | undefined;
  /** An LF that comes next belongs to it. */
  #isAfterCr = false;
  /** A line that begins now and is empty ends the event. */
  #isAtLineStart = true;

  constructor(maxBytes: number) {
    this.#partial = new PartialMessage(maxBytes);
    this.#parser = createParser({
      onEvent: (event) => (this.#event = event),
      onRetry: (ms) => (this.#retryMs = ms),
    });
  }

  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  *read(chunk: Buffer): Generator<StreamMessage> {
    const bytes = this.#withLineFeeds(chunk);
    let start = 0;
    for (let end = this.#endOfEvent(bytes, 0); end >= 0; end = this.#endOfEvent(bytes, start)) {
      yield* this.#messageOf(this.#partial.complete(bytes.subarray(start, end)));
      this.#isAtLineStart = true;
      start = end;
    }
    if (start === bytes.length) return;
    this.#partial.add(bytes.subarray(start));
    this.#isAtLineStart = bytes.at(-1) === LF;
  }

  /** An event without its empty line is not whole. */
  end(): readonly StreamMessage[] {
    return [];
  }

  /** CRLF and CR alone as LF. A CR is an end of line at once, whatever comes after it. */
  #withLineFeeds(chunk: Buffer): Buffer {
    const isRestOfEnd = this.#isAfterCr && chunk[0] === LF;
    if (chunk.length > 0) this.#isAfterCr = chunk.at(-1) === CR;
    const bytes = isRestOfEnd ? chunk.subarray(1) : chunk;
    return bytes.includes(CR)
      ? Buffer.from(bytes.toString('latin1').replace(/\r\n?/g, '\n'), 'latin1')
      : bytes;
  }

  /** Past the empty line; -1: it is not there yet. */
  #endOfEvent(bytes: Buffer, start: number): number {
    if (this.#isAtLineStart && bytes[start] === LF) return start + 1;
    const found = bytes.indexOf('\n\n', start, 'latin1');
    return found < 0 ? -1 : found + 2;
  }

  *#messageOf(event: Buffer): Generator<StreamMessage> {
    this.#event = undefined;
    this.#parser.feed(event.toString('latin1'));
    const found = this.#event as EventSourceMessage | undefined;
    if (found === undefined) return;
    const { id, data, event: name = '' } = found;
    const isNothing = data === '' || HEARTBEATS.has(name);
    if (isNothing && id === undefined) return;
    yield { document: isNothing ? undefined : Buffer.from(data, 'latin1'), isDelete: DELETES.has(name), id };
  }
}
