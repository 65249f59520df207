// A TCP connection to the broker that a test can spoil: cut after so many bytes, made to swallow everything, refused.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Direction = 'from-server' | 'to-server';

interface Cut {
  readonly direction: Direction;
  bytesLeft: number;
}

/** Forwards connections to one address until it is told otherwise. */
export class TcpProxy {
  /** Connections cut by {@link cutAfter}. */
  cuts = 0;
  readonly #server = createServer((client) => this.#accept(client));
  readonly #targetPort: number;
  readonly #open = new Set<Socket>();
  #mode: 'forward' | 'swallow' | 'refuse' = 'forward';
  #cut: Cut | undefined;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  /** Listens on a free port of 127.0.0.1 for what goes to `targetPort` there. */
  static async listen(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The connection that carries the `bytes`-th byte from now on, counted over all, ends behind it. Once. */
  cutAfter(bytes: number, direction: Direction): void {
    this.#cut = { direction, bytesLeft: bytes };
  }

  /** A black hole: nothing passes any more on open and new connections, and nothing is closed. */
  swallow(): void {
    this.#mode = 'swallow';
  }

  /** Ends the open connections, and each new one at once. */
  refuse(): void {
    this.#mode = 'refuse';
    this.#endAll();
  }

  /** New connections work again; what was swallowed stays lost, so those that were open end. */
  heal(): void {
    this.#mode = 'forward';
    this.#endAll();
  }

  async close(): Promise<void> {
    this.#endAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.#mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#targetPort, '127.0.0.1');
    this.#pass({ from: client, to: server, direction: 'to-server' });
    this.#pass({ from: server, to: client, direction: 'from-server' });
  }

  #pass(way: { readonly from: Socket; readonly to: Socket; readonly direction: Direction }): void {
    const { from, to } = way;
    this.#open.add(from);
    from.setNoDelay(true);
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#open.delete(from);
      to.destroy();
    });
    from.on('data', (chunk) => {
      if (this.#mode === 'swallow') return;
      const cut = this.#cut?.direction === way.direction ? this.#cut : undefined;
      if (cut !== undefined && chunk.length >= cut.bytesLeft) {
        this.#cut = undefined;
        this.cuts++;
        to.write(chunk.subarray(0, cut.bytesLeft), () => from.destroy());
        return;
      }
      if (cut !== undefined) cut.bytesLeft -= chunk.length;
      if (to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
  }

  #endAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
