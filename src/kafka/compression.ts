// Decompresses the records of a batch: the four codecs of Kafka, each with a limit on what comes out.

import { Decompress } from 'fzstd';
import { createContext, Script } from 'node:vm';
import zlib from 'node:zlib';

import { KafkaDataError } from './data-error.js';
import { lz4Decompress } from './lz4-frame.js';
import { snappyDecompress } from './snappy-block.js';

/** Codec numbers, in the lowest three bits of a batch's attributes. */
export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/** Throws KafkaDataError: unknown-codec, too-large, malformed. */
export function decompress(codec: number, bytes: Buffer, maxBytes: number): Buffer {
  try {
    switch (codec) {
      case CODEC.gzip:
        return zlib.gunzipSync(bytes, { maxOutputLength: maxBytes });
      case CODEC.snappy:
        return xerialDecompress(bytes, maxBytes);
      case CODEC.lz4:
        return lz4Decompress(bytes, maxBytes);
      case CODEC.zstd:
        return zstdDecompress(bytes, maxBytes);
      default:
        throw new KafkaDataError('unknown-codec', `codec number ${codec}`);
    }
  } catch (error) {
    if (error instanceof KafkaDataError) throw error;
    if (isTooLarge(error)) throw tooLarge(maxBytes);
    throw new KafkaDataError('malformed', (error as Error).message);
  }
}

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/** The Java client frames snappy in blocks of 32 KiB with a length before each (xerial); others send one bare block. */
function xerialDecompress(bytes: Buffer, maxBytes: number): Buffer {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return snappyDecompress(bytes, maxBytes);
  const blocks: Buffer[] = [];
  let total = 0;
  let at = XERIAL_HEADER_BYTES;
  while (at < bytes.length) {
    const size = bytes.readUInt32BE(at);
    at += 4;
    if (at + size > bytes.length) throw new KafkaDataError('malformed', 'snappy block ends early');
    const block = snappyDecompress(bytes.subarray(at, at + size), maxBytes - total);
    total += block.length;
    blocks.push(block);
    at += size;
  }
  return blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks, total);
}

/** In node:zlib from Node 22.15 on, and then five times as fast as the JavaScript that serves before. */
type NativeZstd = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;
const nativeZstd = (zlib as { zstdDecompressSync?: NativeZstd }).zstdDecompressSync;

function zstdDecompress(bytes: Buffer, maxBytes: number): Buffer {
  if (nativeZstd !== undefined) return nativeZstd(bytes, { maxOutputLength: maxBytes });
  if (zstdWindow(bytes) > Math.max(maxBytes, 8 << 20)) throw tooLarge(maxBytes);
  const parts: Uint8Array[] = [];
  let total = 0;
  const stream = new Decompress((part) => {
    total += part.length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    parts.push(part);
  });
  withinMs(FIRST_MS + maxBytes / BYTES_PER_MS, () => void stream.push(bytes, true));
  return Buffer.concat(parts, total);
}

const FIRST_MS = 100;
const BYTES_PER_MS = 32 * 1024;
const guarded = createContext({ run: (): void => undefined });
const runGuarded = new Script('run()');

/** Runs `work` and throws when it takes longer: in a hostile frame a few bytes can ask fzstd for minutes of copying. */
function withinMs(timeoutMs: number, work: () => void): void {
  guarded['run'] = work;
  runGuarded.runInContext(guarded, { timeout: Math.ceil(timeoutMs) });
}

/** Memory that a zstd frame asks for before its first byte (RFC 8878, 3.1.1.1): its window, or its content when that is one segment. */
function zstdWindow(bytes: Buffer): number {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== 0xfd2fb528)
    throw new KafkaDataError('malformed', 'no zstd frame');
  const descriptor = bytes.readUInt8(4);
  if ((descriptor & 0x20) === 0) {
    const window = bytes.readUInt8(5);
    const base = 2 ** (10 + (window >> 3));
    return base + (base / 8) * (window & 7);
  }
  const sizeBytes = [1, 2, 4, 8][descriptor >> 6] ?? 8;
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  if (at + sizeBytes > bytes.length) throw new KafkaDataError('malformed', 'zstd frame ends early');
  return sizeBytes === 8
    ? bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32
    : bytes.readUIntLE(at, sizeBytes);
}

function tooLarge(maxBytes: number): KafkaDataError {
  return new KafkaDataError('too-large', `over ${maxBytes} bytes`);
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}
