// The codings of a body (RFC 9110, 8.4.1) that this process can undo, and streams that do.

import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

/** What a decoder gives at a time, at most; it keeps one piece ready while another is looked at. */
const PIECE_BYTES = 32 * 1024;

/** RFC 9659: whoever sends zstd over HTTP keeps to a window of 8 MiB. */
const ZSTD_WINDOW_LOG = 23;

/** A decoder of node:zlib: it counts what it has taken in. */
export type Decoder = Transform & { readonly bytesWritten: number };

/** For the header Accept-Encoding. */
export function acceptedCodings(): string {
  return zstdMaker() === undefined ? 'gzip, deflate, br' : 'gzip, deflate, br, zstd';
}

/**
 * A decoder, which gives what it has as soon as it can; it fails where what it takes in is not of that coding, or ends early.
 * `first`: the first byte of the body. undefined: the coding is not known.
 */
export function decoderOf(coding: string, first: number): Decoder | undefined {
  const options = { chunkSize: PIECE_BYTES, flush: zlib.constants.Z_SYNC_FLUSH };
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip(options);
    case 'deflate':
      // zlib's format by the standard; some servers send what is in it, without its head.
      return (first & 0x0f) === 8 ? zlib.createInflate(options) : zlib.createInflateRaw(options);
    case 'br':
      return zlib.createBrotliDecompress({ chunkSize: PIECE_BYTES });
    case 'zstd':
      return zstdMaker()?.();
    default:
      return undefined;
  }
}

/** What newer versions of node:zlib have beyond the one that we are typed against. */
interface Zstd {
  createZstdDecompress(options: object): Decoder;
  zstdCompressSync(bytes: Buffer): Buffer;
  zstdDecompressSync(bytes: Buffer): Buffer;
}

let maker: { readonly make: (() => Decoder) | undefined } | undefined;

/**
 * undefined: node:zlib has no zstd, or takes one that is cut short for a whole one, as its first versions do
 * (https://github.com/nodejs/node/issues/64592): part of a feed would count as all of it.
 */
function zstdMaker(): (() => Decoder) | undefined {
  maker ??= { make: makerOf(zlib as Partial<Zstd>) };
  return maker.make;
}

function makerOf({ createZstdDecompress, zstdCompressSync, zstdDecompressSync }: Partial<Zstd>) {
  if (!createZstdDecompress || !zstdCompressSync || !zstdDecompressSync) return undefined;
  try {
    zstdDecompressSync(zstdCompressSync(Buffer.from('whole')).subarray(0, -1));
    return undefined;
  } catch {
    const params = { [Number(Reflect.get(zlib.constants, 'ZSTD_d_windowLogMax'))]: ZSTD_WINDOW_LOG };
    return () => createZstdDecompress({ chunkSize: PIECE_BYTES, params });
  }
}
