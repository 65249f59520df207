// An HTTP server in front of a schema registry that passes questions on, or fails in one of the ways in which registries fail.

import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Failing = 'no' | '503' | 'silence' | 'reset';

/** Invariant: what came before a change of `failing` and waits for an answer is not answered. */
export class RegistryFront {
  failing: Failing = 'no';
  /** Questions so far, as `/schemas/ids/1`. */
  readonly asked: string[] = [];
  readonly #target: URL;
  readonly #server = createServer((question, answer) => this.#take(question, answer));
  readonly #sockets = new Set<Socket>();

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async listen(target: string): Promise<RegistryFront> {
    const front = new RegistryFront(target);
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#target.pathname}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(question: IncomingMessage, answer: ServerResponse): void {
    this.asked.push((question.url ?? '').slice(this.#target.pathname.length));
    switch (this.failing) {
      case '503':
        answer.writeHead(503).end();
        return;
      case 'reset':
        question.socket.resetAndDestroy();
        return;
      case 'silence':
        return;
      case 'no': {
        const { hostname, port } = this.#target;
        const passed = request({ hostname, port, path: question.url, headers: question.headers }, (given) => {
          answer.writeHead(given.statusCode ?? 502, given.headers);
          given.pipe(answer);
        });
        passed.on('error', () => answer.destroy());
        passed.end();
      }
    }
  }
}
