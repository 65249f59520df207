// WebSocket frames (RFC 6455 section 5.2) of whole, unmasked text messages: header and payload in one Buffer, so that a
// message costs one write, and sessions that get the same message share the Buffer.

import type { Utf8 } from '../topic/utf8.js';

/** FIN and opcode 1: a whole text message. */
const TEXT = 0x81;

export function textFrame(lines: Utf8): Buffer {
  const size = lines.length;
  const header = size < 126 ? 2 : size < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + size);
  frame[0] = TEXT;
  if (header === 2) frame[1] = size;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(size, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(size / 2 ** 32), 2);
    frame.writeUInt32BE(size % 2 ** 32, 6);
  }
  frame.write(lines, header, 'latin1');
  return frame;
}

/** Invariant: `#frame` is the frame of `#lines`. One for a server: a flush walks the sessions of an audience one after the other. */
export class FrameCache {
  #lines: Utf8 | undefined;
  #frame: Buffer = Buffer.alloc(0);

  /** The frame of these lines; the same Buffer as the last time if they are the same. Must not be written to. */
  frameOf(lines: Utf8): Buffer {
    if (lines !== this.#lines) {
      this.#frame = textFrame(lines);
      this.#lines = lines;
    }
    return this.#frame;
  }
}
