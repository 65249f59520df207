// What a connection has brought and nobody has taken yet: bounded, because reading pauses.

/** Where messages come from. */
export interface PausableFlow {
  pause(): void;
  resume(): void;
}

/** Reading pauses from here on. One read of a socket (64 KiB), or one larger message, comes on top. */
const HELD_BYTES = 512 * 1024;

/** Invariant: the flow is paused if and only if at least {@link HELD_BYTES} are held. One taker at a time. */
export class HeldMessages<Message> {
  readonly #flow: PausableFlow;
  #held: Message[] = [];
  #heldBytes = 0;
  #end: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(flow: PausableFlow) {
    this.#flow = flow;
  }

  /** Nothing is held, and no more will come. */
  get isExhausted(): boolean {
    return this.#held.length === 0 && this.#end !== undefined;
  }

  put(messages: readonly Message[], bytes: number): void {
    for (const message of messages) this.#held.push(message);
    const wasFull = this.#heldBytes >= HELD_BYTES;
    this.#heldBytes += bytes;
    if (!wasFull && this.#heldBytes >= HELD_BYTES) this.#flow.pause();
    this.#wake?.();
  }

  /** No more will come; what is held can still be taken. The first call counts. */
  end(error?: Error): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** No more will be taken. */
  discard(): void {
    this.#held = [];
    this.#end = { error: undefined };
    this.#wake?.();
  }

  /** All that is held, as soon as that is something; undefined: that was all. Rejects with the error that it ended with. */
  async take(): Promise<readonly Message[] | undefined> {
    while (this.#held.length === 0) {
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const taken = this.#held;
    const wasFull = this.#heldBytes >= HELD_BYTES;
    this.#held = [];
    this.#heldBytes = 0;
    if (wasFull) this.#flow.resume();
    return taken;
  }
}
