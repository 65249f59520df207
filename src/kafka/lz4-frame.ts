// Decompresses the LZ4 frame format (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md) with every index checked and
// the output limited, which the library at hand does not do.

import { BoundedOutput } from './bounded-output.js';
import { KafkaDataError } from './data-error.js';

const MAGIC = 0x184d2204;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const DICTIONARY = 0x01;
const UNCOMPRESSED = 0x80000000;

/** The decompressed content; checksums inside the frame are not verified, the batch has its own. */
export function lz4Decompress(frame: Buffer, maxBytes: number): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw malformed('no lz4 frame');
  const flags = frame.readUInt8(4);
  let at = 6 + (flags & CONTENT_SIZE ? 8 : 0) + (flags & DICTIONARY ? 4 : 0) + 1;
  const output = new BoundedOutput(frame.length * 4, maxBytes);
  for (;;) {
    if (at + 4 > frame.length) throw malformed('lz4 frame ends early');
    const head = frame.readUInt32LE(at);
    at += 4;
    if (head === 0) return output.content();
    const size = (head & ~UNCOMPRESSED) >>> 0;
    if (at + size > frame.length) throw malformed('lz4 block ends early');
    if (head >= UNCOMPRESSED) output.literals(frame, at, size);
    else decompressBlock(frame, at, at + size, output);
    at += size + (flags & BLOCK_CHECKSUM ? 4 : 0);
  }
}

function decompressBlock(source: Buffer, start: number, end: number, output: BoundedOutput): void {
  let at = start;
  const longLength = (): number => {
    let total = 15;
    for (;;) {
      if (at >= end) throw malformed('lz4 length ends early');
      const byte = source[at++] ?? 0;
      total += byte;
      if (byte !== 255) return total;
    }
  };
  while (at < end) {
    const token = source[at++] ?? 0;
    const literals = token >> 4 === 15 ? longLength() : token >> 4;
    if (at + literals > end) throw malformed('lz4 literals end early');
    output.literals(source, at, literals);
    at += literals;
    if (at >= end) return;
    if (at + 2 > end) throw malformed('lz4 match ends early');
    const distance = (source[at] ?? 0) | ((source[at + 1] ?? 0) << 8);
    at += 2;
    output.match(distance, ((token & 15) === 15 ? longLength() : token & 15) + 4);
  }
}

function malformed(detail: string): KafkaDataError {
  return new KafkaDataError('malformed', detail);
}
