// Streams cut into pieces, and what is read of them.

import fc from 'fast-check';
import type { MessageStream } from '../../../connectors/rest/stream/stream-message.js';

/** Sizes of pieces, over and over: single bytes, a few, and many. */
export const pieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 60 })), {
  minLength: 1,
  maxLength: 10,
});

/** Each in memory of its own. */
export function* inPieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let start = 0, n = 0; start < bytes.length; n++) {
    const end = start + (sizes[n % sizes.length] ?? 1);
    yield Buffer.from(bytes.subarray(start, end));
    start = end;
  }
}

/** As texts. */
export function messagesOf(stream: MessageStream, chunks: Iterable<Buffer>) {
  return [...chunks]
    .flatMap((chunk) => [...stream.read(chunk)])
    .map(({ document, ...rest }) => ({ document: document?.toString(), ...rest }));
}
