// The far end of a session as fan-out sees it. A WebSocket today; other transports differ only here.

import type { Utf8 } from '../topic/utf8.js';

export interface Listener {
  /** Sends one message of newline-joined lines. Equal consecutive messages of several listeners are the same string. */
  write(lines: Utf8): void;
  /** Asks the peer for proof that it has read up to here; the answer arrives as `FanOut.ack(session, frames)`. */
  ping(frames: number): void;
  /** Ends the session with a code of src/protocol/close-codes.ts. What was written before still goes out if the peer reads. */
  close(code: number, reason: string): void;
  /** Drops the connection at once, with what it has not sent. */
  terminate(): void;
}
