// Clients that wish the process ill, each attack by itself. None of them waits for more than a moment, and each cleans up after
// itself, so that what is left in the process afterwards is the process's own.

import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';
import { until } from '../support/kafka.js';

const PATIENCE_MS = 30_000;

export class Attacker {
  readonly #url: URL;
  readonly #sockets: Socket[] = [];
  readonly #clients: WebSocket[] = [];

  constructor(publicUrl: string) {
    this.#url = new URL(publicUrl);
  }

  /** Connections that say nothing at all after the upgrade. */
  async silentSockets(count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.#client();
    await this.#settled();
  }

  /** Upgrades of which half a head arrives. */
  async halfUpgrades(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.#raw().write(`GET /v1/stream HTTP/1.1\r\nHost: x\r\nX-Filler: ${'x'.repeat(8_000)}`);
    }
    await until('the connections', () => this.#sockets.every(({ connecting }) => !connecting), PATIENCE_MS);
  }

  /** Text that is no command, bytes that are no text, and messages beyond the limit, announced and sent. */
  async garbage(count: number): Promise<void> {
    const big = Buffer.alloc(10 * 1024 * 1024, 'x');
    const bombs: (string | Buffer)[] = [
      '['.repeat(60_000),
      `{"op":"auth","id":1,"token":"${'x'.repeat(60_000)}"}`,
      Buffer.alloc(60_000),
      big,
    ];
    for (let i = 0; i < count; i++) {
      const client = this.#client();
      client.on('open', () => client.send(bombs[i % bombs.length] ?? ''));
    }
    await this.#settled();
    for (let i = 0; i < count; i++)
      await this.#frames(Buffer.from([0x81, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
  }

  /** One message in very many pieces of one byte or none. */
  async tinyFragments(count: number): Promise<void> {
    for (const payload of [
      [0x00, 0x80, 0, 0, 0, 0],
      [0x00, 0x81, 0, 0, 0, 0, 0x61],
    ]) {
      const fragments = Buffer.concat([
        Buffer.from([0x01, 0x80, 0, 0, 0, 0]),
        ...Array<Buffer>(100_000).fill(Buffer.from(payload)),
      ]);
      for (let i = 0; i < count; i++) await this.#frames(fragments);
    }
  }

  /** As many filters as a session may have, none like another. */
  async manyFilters(sessions: number): Promise<void> {
    for (let i = 0; i < sessions; i++) {
      const filters = Array.from({ length: 1_000 }, (_, n) => `prices/*/x${i}-${n}/**`);
      this.#session({
        subscribe: [
          { id: 2, filters: ['prices/**'] },
          { id: 3, filters: filters.slice(1) },
        ],
      });
    }
    await this.#settled();
  }

  /** Sessions that subscribe to everything and read nothing. */
  async deafReaders(sessions: number): Promise<void> {
    for (let i = 0; i < sessions; i++) {
      const client = this.#session({ acks: i % 2 === 0, subscribe: [{ id: 2, filters: ['**'] }] });
      client.on('open', () => client.pause());
    }
    await this.#settled();
  }

  /** Commands as fast as the socket takes them. */
  async commandFlood(sessions: number): Promise<void> {
    const lines = Array.from(
      { length: 500 },
      (_, n) => `{"op":"subscribe","id":${n + 10},"filters":["**"]}`,
    ).join('\n');
    for (let i = 0; i < sessions; i++) {
      const client = this.#session({});
      client.on('open', () => {
        for (let round = 0; round < 20; round++) client.send(lines);
      });
    }
    await this.#settled();
  }

  /** Nothing of the attack is connected any more. */
  withdraw(): void {
    for (const client of this.#clients.splice(0)) client.terminate();
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }

  #session(auth: object): WebSocket {
    const client = this.#client();
    client.on('open', () => client.send(JSON.stringify({ op: 'auth', id: 1, ...auth })));
    return client;
  }

  #client(): WebSocket {
    const client = new WebSocket(`ws://${this.#url.host}/v1/stream`, SUBPROTOCOL_JSON);
    client.on('error', () => undefined);
    this.#clients.push(client);
    return client;
  }

  /** Every handshake has come to something. */
  #settled(): Promise<void> {
    const isSettled = ({ readyState }: WebSocket): boolean => readyState !== WebSocket.CONNECTING;
    return until('the handshakes', () => this.#clients.every(isSettled), PATIENCE_MS);
  }

  #raw(): Socket {
    const socket = connect(Number(this.#url.port), this.#url.hostname);
    socket.on('error', () => undefined);
    this.#sockets.push(socket);
    return socket;
  }

  /** A right handshake, then these bytes, until they are sent or the server has had enough. */
  async #frames(bytes: Buffer): Promise<void> {
    const socket = this.#raw();
    let isOver = false;
    socket.on('close', () => (isOver = true));
    socket.write(
      `GET /v1/stream HTTP/1.1\r\nHost: ${this.#url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Protocol: ${SUBPROTOCOL_JSON}\r\n\r\n`,
    );
    socket.once('data', () => {
      socket.resume();
      socket.write(bytes, () => (isOver = true));
    });
    await until('the bytes', () => isOver, PATIENCE_MS);
  }
}
