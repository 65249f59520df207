// Bodies of requests, read whole and no further than allowed. How long one may take to arrive is the HTTP server's limit.

import type { IncomingMessage } from 'node:http';

/** Why a body was not read. `full`: the bodies that arrive at the same time have no room for it. */
export type BodyRefusal = 'too large' | 'full';

/** Room that a body begins with; twice as much whenever it is too little. */
const FIRST_BYTES = 16 * 1024;

/**
 * Invariant: what all bodies that are being read take is at most `maxBytes`. They are copied together as they arrive: kept as they
 * come, a body in chunks of one byte would cost a hundred times its size.
 */
export class RequestBodies {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Rejects when the request breaks off. What is refused is not read to its end. `goOn` is called where the sender waits for the
   * word that it may send its body (`Expect: 100-continue`).
   */
  async read(request: IncomingMessage, maxBytes: number, goOn: () => void): Promise<Buffer | BodyRefusal> {
    if (declaredBytes(request) > maxBytes) return 'too large';
    if (request.headers.expect !== undefined) goOn();
    const body = { buffer: Buffer.alloc(0), length: 0 };
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        const length = body.length + chunk.length;
        if (length > maxBytes) return 'too large';
        if (length > body.buffer.length && !this.#grow(body, length)) return 'full';
        chunk.copy(body.buffer, body.length);
        body.length = length;
      }
      return body.buffer.subarray(0, body.length);
    } finally {
      this.#bytes -= body.buffer.length;
    }
  }

  #grow(body: { buffer: Buffer; readonly length: number }, atLeast: number): boolean {
    const bytes = Math.max(FIRST_BYTES, 2 * body.buffer.length, atLeast);
    const more = bytes - body.buffer.length;
    if (this.#bytes + more > this.#maxBytes) return false;
    this.#bytes += more;
    const grown = Buffer.allocUnsafeSlow(bytes); // not of Node's shared pool: it is kept for as long as it waits
    body.buffer.copy(grown, 0, 0, body.length);
    body.buffer = grown;
    return true;
  }
}

/** Whether the request brings a body at all. */
export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || declaredBytes(request) > 0;
}

/** 0: it does not say. */
function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}
