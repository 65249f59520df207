// A session that watches one path while others attack, and notes the last value that it was given.

import { WebSocket } from 'ws';

import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';

export class HealthyClient {
  isLive = false;
  /** Of the last line with a whole value. */
  value: unknown;
  closed: number | undefined;
  readonly #socket: WebSocket;

  constructor(publicUrl: string, path: string) {
    this.#socket = new WebSocket(`${publicUrl.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL_JSON);
    const subscribe = [{ id: 2, filters: [path] }];
    this.#socket.on('open', () => this.#socket.send(JSON.stringify({ op: 'auth', id: 1, subscribe })));
    this.#socket.on('message', (message: Buffer) => this.#take(message.toString()));
    this.#socket.on('close', (code) => (this.closed = code));
    this.#socket.on('error', () => undefined);
  }

  stop(): void {
    this.#socket.terminate();
  }

  #take(message: string): void {
    for (const text of message.split('\n')) {
      const line = JSON.parse(text) as unknown;
      if (!Array.isArray(line)) this.isLive ||= text.includes('"op":"end"');
      else if (line[0] === 0) this.value = line[6];
      else if (line[0] === 1) this.value = line[3];
      else if (line[0] === 2) this.value = line[4]; // a number has no members to merge
    }
  }
}
