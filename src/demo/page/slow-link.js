// A WebSocket behind a link that can be made slow: messages wait until the link has carried their bytes. The server knows
// nothing of it, it sees a client that acknowledges late.

const CARRY_EVERY_MS = 50;

/** A class of the shape of WebSocket, and the `link` that all its sockets share. `link.charsPerSecond`: Infinity = not slow. */
export function slowableSocket() {
  const link = { charsPerSecond: Infinity, waitingChars: 0 };
  class SlowableSocket extends WebSocket {
    #waiting = [];
    #budget = 0;
    #timer;

    set onmessage(deliver) {
      this.#timer = setInterval(() => this.#carry(deliver), CARRY_EVERY_MS);
      this.addEventListener('close', () => this.#empty());
      super.onmessage = (event) => {
        if (link.charsPerSecond === Infinity && this.#waiting.length === 0) return deliver(event);
        this.#waiting.push(event);
        link.waitingChars += event.data.length;
      };
    }

    close(code, reason) {
      this.#empty();
      super.close(code, reason);
    }

    #empty() {
      clearInterval(this.#timer);
      this.#waiting.length = 0;
      link.waitingChars = 0;
    }

    #carry(deliver) {
      this.#budget += (link.charsPerSecond * CARRY_EVERY_MS) / 1_000;
      while (this.#waiting.length > 0 && this.#waiting[0].data.length <= this.#budget) {
        const event = this.#waiting.shift();
        this.#budget -= event.data.length;
        link.waitingChars -= event.data.length;
        deliver(event);
      }
      if (this.#waiting.length === 0) this.#budget = 0;
    }
  }
  return { link, WebSocket: SlowableSocket };
}
