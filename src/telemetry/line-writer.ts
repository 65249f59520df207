// Puts log lines where they go without ever failing: a disk that is full or a reader that is gone costs lines, which are
// counted, and never the process. What a line says is logger.ts.

/** Writes some of the bytes and returns how many; throws what the system says. */
export type WriteBytes = (bytes: Uint8Array) => number;

/** So much waits for a pipe whose reader is slow; beyond it lines are dropped. */
const MAX_WAITING_BYTES = 256 * 1024;
const RETRY_MS = 50;
const NEWLINE = Buffer.from('\n');

/**
 * Invariant: what is written is whole lines in order; behind a line that was lost half way the next one begins anew.
 * `#waiting` is what a full pipe has not taken yet, its first line without the bytes that are written.
 */
export class LineWriter {
  readonly #write: WriteBytes;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** A part of the first waiting line is written. */
  #isBegun = false;
  /** The last thing written is a part of a line that was lost. */
  #isTorn = false;
  #retry: NodeJS.Timeout | undefined;
  #dropped = 0;

  constructor(write: WriteBytes) {
    this.#write = write;
  }

  /** Lines that were not written, and will not be. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes one line with its newline. Never throws. */
  put(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#retry === undefined) this.#flush();
  }

  /** The process ends: waits a little for a reader that is slow, then lets go of what it has not taken. */
  finish(withinMs: number): void {
    const deadline = performance.now() + withinMs;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (!this.#flush() && performance.now() < deadline) Atomics.wait(pause, 0, 0, 5);
  }

  /** Returns whether nothing waits any more. */
  #flush(): boolean {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
      const outcome = this.#attempt(line);
      if (outcome === 'busy') {
        this.#retry = setTimeout(() => this.#flush(), RETRY_MS).unref();
        return false;
      }
      if (outcome === 'lost') {
        this.#dropped += 1;
        this.#isTorn ||= this.#isBegun;
      }
      this.#waitingBytes -= this.#waiting.shift()?.length ?? 0;
      this.#isBegun = false;
    }
    return true;
  }

  #attempt(line: Uint8Array): 'written' | 'busy' | 'lost' {
    try {
      if (this.#isTorn) {
        this.#write(NEWLINE);
        this.#isTorn = false;
      }
      for (let rest = line; rest.length > 0; rest = this.#advance(rest));
      return 'written';
    } catch (error) {
      return isBusy(error) ? 'busy' : 'lost';
    }
  }

  /** Writes once; returns what is left of the first waiting line. */
  #advance(rest: Uint8Array): Uint8Array {
    const written = this.#write(rest);
    const left = rest.subarray(written);
    this.#waiting[0] = left;
    this.#waitingBytes -= written;
    this.#isBegun = true;
    return left;
  }
}

/** A pipe that is full now. All else (a full disk, a reader that is gone, a bad terminal) is not worth waiting for. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
