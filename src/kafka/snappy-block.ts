// Decompresses one snappy block (https://github.com/google/snappy/blob/main/format_description.txt) with every index checked. The
// JavaScript library at hand goes back in its input for ever on a literal with a huge length.

import { BoundedOutput } from './bounded-output.js';
import { KafkaDataError } from './data-error.js';

const LITERAL = 0;
const COPY_1 = 1;
const COPY_2 = 2;
/** Literals up to this length have it in their tag. */
const SHORT_LITERAL = 60;

/** Throws KafkaDataError. */
export function snappyDecompress(block: Buffer, maxBytes: number): Buffer {
  const { length, at: start } = statedLength(block);
  if (length > maxBytes) throw new KafkaDataError('too-large', `over ${maxBytes} bytes`);
  const output = new BoundedOutput(length, Math.max(length, 1));
  let at = start;
  /** Little-endian number of `bytes` bytes. */
  const take = (bytes: number): number => {
    if (at + bytes > block.length) throw new KafkaDataError('malformed', 'snappy block ends early');
    const value = bytes === 0 ? 0 : block.readUIntLE(at, bytes);
    at += bytes;
    return value;
  };
  while (at < block.length) {
    const tag = take(1);
    const upper = tag >>> 2;
    switch (tag & 3) {
      case LITERAL: {
        const size = (upper < SHORT_LITERAL ? upper : take(upper - SHORT_LITERAL + 1)) + 1;
        if (at + size > block.length) throw new KafkaDataError('malformed', 'snappy literal ends early');
        output.literals(block, at, size);
        at += size;
        break;
      }
      case COPY_1:
        output.match(((tag >>> 5) << 8) | take(1), (upper & 7) + 4);
        break;
      case COPY_2:
        output.match(take(2), upper + 1);
        break;
      default:
        output.match(take(4), upper + 1);
    }
  }
  const content = output.content();
  if (content.length !== length)
    throw new KafkaDataError('malformed', 'snappy length differs from its content');
  return content;
}

/** A varint of at most 5 bytes. */
function statedLength(block: Buffer): { length: number; at: number } {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = block[at];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, at: at + 1 };
  }
  throw new KafkaDataError('malformed', 'snappy block without a length');
}
