// What a connection has brought and nobody has taken yet. A stream of Node forgets that when its connection is cut, and not every
// server can send it again.

/** So much is read before anybody takes it; then the sender has to wait. */
const MAX_BYTES = 128 * 1024;

/** Invariant: holds less than `MAX_BYTES` and one chunk; the end is told after all that came before it. */
export class ReadAhead {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #end: { readonly error: unknown } | 'in order' | undefined;
  #isClosed = false;
  #arrived: () => void = () => undefined;
  #hasRoom: () => void = () => undefined;

  constructor(chunks: AsyncIterable<Buffer>) {
    void this.#fill(chunks);
  }

  /** All that is there, or what comes next; none: it has ended in order. Rejects as the chunks do. One call at a time. */
  async take(): Promise<readonly Buffer[]> {
    while (this.#chunks.length === 0) {
      if (this.#end === 'in order') return [];
      if (this.#end !== undefined) throw this.#end.error;
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
    const taken = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    this.#hasRoom();
    return taken;
  }

  /** Reads no more. */
  close(): void {
    this.#isClosed = true;
    this.#hasRoom();
  }

  /** Never rejects. */
  async #fill(chunks: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const chunk of chunks) {
        this.#chunks.push(chunk);
        this.#bytes += chunk.length;
        this.#arrived();
        if (this.#bytes >= MAX_BYTES && !this.#isClosed)
          await new Promise<void>((resolve) => (this.#hasRoom = resolve));
        if (this.#isClosed) break;
      }
      this.#end = 'in order';
    } catch (error) {
      this.#end = { error };
    }
    this.#arrived();
  }
}
