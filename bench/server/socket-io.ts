// A socket.io server with a room per path, as its documentation has it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import type { Strategy, StrategyOptions } from './strategy.js';
import type { Change } from './workload.js';

/** A client emits `sub` with its paths once and gets the event `ok`. A change is the event `u` with path and value. */
export class SocketIoStrategy implements Strategy {
  readonly #paths: readonly string[];
  readonly #http = createServer();
  readonly #io: Server;

  constructor({ paths }: StrategyOptions) {
    this.#paths = paths;
    this.#io = new Server(this.#http, { transports: ['websocket'], serveClient: false });
    this.#io.on('connection', (socket) => {
      socket.on('sub', (wanted: string[]) => {
        void socket.join(wanted);
        socket.emit('ok');
      });
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#http.listen(0, '127.0.0.1', () => resolve((this.#http.address() as AddressInfo).port));
    });
  }

  publish(changes: readonly Change[]): void {
    for (const { path, value } of changes) {
      const name = this.#paths[path] ?? '';
      this.#io.to(name).emit('u', name, JSON.parse(value.toString()));
    }
  }

  conflated(): number {
    return 0;
  }
}
