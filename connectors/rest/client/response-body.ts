// The body of an answer, decompressed as it comes: whole within a limit, or piece by piece for as long as it lasts. A body that is
// not known to be complete is a fault, and never a short feed.

import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';

import { acceptedCodings, decoderOf, type Decoder } from './content-coding.js';
import { codeOf, FeedFault, networkFault } from './feed-fault.js';

/** Small pieces are copied together: each that is kept by itself costs more than it holds. */
const BLOCK_BYTES = 64 * 1024;

/**
 * All of it, exactly as large as it is. Throws FeedFault, `bad` for a body over `maxBytes`: compressed or not, it is left off
 * within 64 KiB of that.
 */
export async function wholeBody(answer: IncomingMessage, place: string, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): FeedFault =>
    new FeedFault(
      'bad',
      `${place}: its body is over ${sizeText(maxBytes)}; raise \`maxBytes\`, or ask for less of it`,
    );
  const isSent = answer.statusCode !== 304 && codingOf(answer) === undefined;
  const declared = isSent ? Number(answer.headers['content-length'] ?? 0) : 0;
  if (declared > maxBytes) {
    answer.destroy();
    throw tooLarge();
  }
  const blocks = new Blocks();
  for await (const piece of piecesOf(answer, place, { bytes: maxBytes + BLOCK_BYTES, fault: tooLarge })) {
    if (blocks.size + piece.length > maxBytes) throw tooLarge();
    blocks.add(piece);
  }
  return blocks.joined();
}

export interface SizeLimit {
  readonly bytes: number;
  /** What it is to exceed it. */
  readonly fault: () => FeedFault;
}

/**
 * Pieces as they come, decompressed: what the server has flushed is not waited with. Nothing is read ahead of the consumer but
 * what streams buffer. Ends with the body; throws FeedFault where that is cut short. Leaving it early ends the connection.
 * `limit`: of what is sent, before decompression.
 */
export async function* piecesOf(
  answer: IncomingMessage,
  place: string,
  limit?: SizeLimit,
): AsyncGenerator<Buffer> {
  const coding = codingOf(answer);
  try {
    refuseUnknownTransfer(answer, place);
    const raw = new RawBody(answer, place, limit);
    yield* coding === undefined ? raw.pieces() : decoded(raw, coding, place);
  } finally {
    answer.destroy();
  }
}

async function* decoded(raw: RawBody, coding: string, place: string): AsyncGenerator<Buffer> {
  const source = raw.pieces();
  const head = await source.next();
  const decoder = decoderFor(coding, head.done === true ? Buffer.alloc(0) : head.value, place);
  pipeline(resumed(head, source), decoder, () => undefined);
  try {
    for await (const piece of decoder as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    if (error instanceof FeedFault) throw error;
    const text = `${place}: its body is said to be ${coding}, and is not, or ends too early`;
    throw new FeedFault('bad', text, { cause: error });
  }
  if (decoder.bytesWritten < raw.size)
    throw new FeedFault('bad', `${place}: its body goes on where its ${coding} is at its end`);
}

function decoderFor(coding: string, head: Buffer, place: string): Decoder {
  const decoder = decoderOf(coding, head[0] ?? 0);
  if (decoder !== undefined) return decoder;
  const shown = coding.replace(/[^a-z0-9, -]/g, '?').slice(0, 40);
  throw new FeedFault(
    'bad',
    `${place}: its body comes as \`Content-Encoding: ${shown}\`, which is not read; it was asked for ${acceptedCodings()}`,
  );
}

async function* resumed(
  head: IteratorResult<Buffer, void>,
  rest: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer> {
  if (head.done === true) return;
  yield head.value;
  yield* rest;
}

/** Invariant: `pieces` ends without an error only after all that the framing of HTTP has announced. */
class RawBody {
  readonly #answer: IncomingMessage;
  readonly #place: string;
  readonly #limit: SizeLimit | undefined;
  /** Bytes so far. */
  size = 0;

  constructor(answer: IncomingMessage, place: string, limit: SizeLimit | undefined) {
    this.#answer = answer;
    this.#place = place;
    this.#limit = limit;
  }

  async *pieces(): AsyncGenerator<Buffer, void> {
    try {
      for await (const piece of this.#answer as AsyncIterable<Buffer>) {
        this.size += piece.length;
        if (this.#limit !== undefined && this.size > this.#limit.bytes) throw this.#limit.fault();
        yield piece;
      }
    } catch (error) {
      throw bodyFault(error, this.#place);
    }
    if (!this.#answer.complete) throw cutShort(this.#place);
  }
}

function bodyFault(error: unknown, place: string): FeedFault {
  const fault = networkFault(error, place);
  const code = codeOf(error);
  const isCut = code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'EPIPE';
  return isCut ? cutShort(place, error) : fault;
}

function cutShort(place: string, cause?: unknown): FeedFault {
  const text = `${place}: the connection ended before the end of the body`;
  return new FeedFault('unreachable', text, { cause });
}

/** undefined: it comes as it is, or, with a 304, not at all: that has the headers which a 200 would have. */
function codingOf({ statusCode, headers }: IncomingMessage): string | undefined {
  if (statusCode === 304) return undefined;
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  return coding === '' || coding === 'identity' ? undefined : coding;
}

/** Node undoes `chunked`, and passes over what else is there. */
function refuseUnknownTransfer({ headers }: IncomingMessage, place: string): void {
  const transfer = headers['transfer-encoding']?.trim().toLowerCase() ?? 'chunked';
  if (transfer === 'chunked' || transfer === 'identity') return;
  throw new FeedFault(
    'bad',
    `${place}: its body comes with a Transfer-Encoding besides chunked, which is not read`,
  );
}

/** Bytes that come in pieces of any size, copied into blocks. */
class Blocks {
  readonly #full: Buffer[] = [];
  #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #used = 0;

  get size(): number {
    return this.#full.length * BLOCK_BYTES + this.#used;
  }

  add(piece: Buffer): void {
    for (let from = 0; from < piece.length;) {
      const copied = piece.copy(this.#block, this.#used, from);
      from += copied;
      this.#used += copied;
      if (this.#used === BLOCK_BYTES) this.#next();
    }
  }

  joined(): Buffer {
    return Buffer.concat([...this.#full, this.#block.subarray(0, this.#used)], this.size);
  }

  #next(): void {
    this.#full.push(this.#block);
    this.#block = Buffer.allocUnsafe(BLOCK_BYTES);
    this.#used = 0;
  }
}

function sizeText(bytes: number): string {
  const unit = [['MiB', 2 ** 20] as const, ['KiB', 2 ** 10] as const].find(([, size]) => bytes % size === 0);
  return unit === undefined ? `${bytes} bytes` : `${bytes / unit[1]} ${unit[0]}`;
}
