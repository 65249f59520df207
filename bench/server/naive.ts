// What one writes in an afternoon: parse the record, stringify it once, ws.send to each socket that asked for the path.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Strategy, StrategyOptions } from './strategy.js';
import type { Change } from './workload.js';

/** A client sends `["path", ...]` once and is answered `{"ok":1}`. A change is `["path", value]`. */
export class NaiveStrategy implements Strategy {
  readonly #paths: readonly string[];
  readonly #sockets = new Map<string, Set<WebSocket>>();
  readonly #http = createServer();

  constructor({ paths }: Pick<StrategyOptions, 'paths'>) {
    this.#paths = paths;
    for (const path of paths) this.#sockets.set(path, new Set());
    const server = new WebSocketServer({
      server: this.#http,
      clientTracking: false,
      perMessageDeflate: false,
    });
    server.on('connection', (ws) => {
      ws.on('message', (data) => this.#subscribe(ws, JSON.parse((data as Buffer).toString()) as string[]));
      ws.on('close', () => this.#sockets.forEach((sockets) => sockets.delete(ws)));
      ws.on('error', () => ws.terminate());
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#http.listen(0, '127.0.0.1', () => resolve((this.#http.address() as AddressInfo).port));
    });
  }

  publish(changes: readonly Change[]): void {
    for (const { path, value } of changes) this.tell(this.#paths[path] ?? '', JSON.parse(value.toString()));
  }

  /** One parsed record of one path. */
  tell(path: string, value: unknown): void {
    const text = JSON.stringify([path, value]);
    for (const socket of this.#sockets.get(path) ?? []) socket.send(text);
  }

  conflated(): number {
    return 0;
  }

  #subscribe(ws: WebSocket, paths: readonly string[]): void {
    for (const path of paths) this.#sockets.get(path)?.add(ws);
    ws.send('{"ok":1}');
  }
}
