// Where we are in a stream: after the message with an id, where the sender gives ids, so that it can go on from there when we
// connect again; else by a count of ours, which means nothing to anybody else.

import type { Position } from '../../contract.js';

/** Precedes an id, so that one that is a number is not taken for a count. */
const ID_MARK = 'id:';
/** A longer id is not kept: servers refuse requests with headers much longer than that. */
const MAX_ID_BYTES = 4_096;

/** Invariant: `text` names what {@link pass} was told last, and a message that has no id of its own comes after the last that had one. */
export class StreamPosition {
  #id: string | undefined;
  #count: number;

  /** `after`: of a former reading; undefined: none. `nowMs`: since 1970, so that no two readings give one count to two messages. */
  constructor(after: Position | undefined, nowMs: number) {
    this.#id = after?.startsWith(ID_MARK) === true ? charPerByte(after.slice(ID_MARK.length)) : undefined;
    const former = after === undefined || this.#id !== undefined ? 0 : Number(after);
    this.#count = Math.max(nowMs * 1_000, Number.isSafeInteger(former) ? former : 0);
  }

  /** For the header `Last-Event-ID`: a char a byte. undefined: the sender gives no ids, or has taken the last one back. */
  get lastEventId(): string | undefined {
    return this.#id;
  }

  get text(): Position {
    return this.#id === undefined ? String(this.#count) : ID_MARK + utf8(this.#id);
  }

  /**
   * A message is behind us; `id` as it came with it. Its name, for people: its id, or a count. An id that cannot be sent back leaves
   * us after the last that can, so that messages may come again, but none is left out.
   */
  pass(id: string | undefined): string {
    this.#count++;
    if (id === '') this.#id = undefined;
    if (id === undefined || id === '' || !canBeSent(id)) return String(this.#count);
    this.#id = id;
    return utf8(id);
  }
}

/** As the value of a header that comes back as the same position. */
function canBeSent(id: string): boolean {
  const isHeader = id.length <= MAX_ID_BYTES && /^[\x20-\x7e\x80-\xff]*$/.test(id) && id.trim() === id;
  return isHeader && charPerByte(utf8(id)) === id;
}

function utf8(id: string): string {
  return Buffer.from(id, 'latin1').toString();
}

function charPerByte(text: string): string {
  return Buffer.from(text).toString('latin1');
}
