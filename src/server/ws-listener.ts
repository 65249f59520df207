// A WebSocket as fan-out sees it. Handshake, parsing, pings and closing are ws; the frames of lines are written to the
// socket of the upgrade event, because one Buffer for many sockets costs a fraction of ws.send for each (bench row 1).

import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Listener } from '../fanout/listener.js';
import type { Utf8 } from '../topic/utf8.js';
import type { FrameCache } from './frame.js';
import type { Traffic } from './traffic.js';

/** How the connection is ended: its owner knows. */
export interface ListenerOwner {
  end(code: number, reason: string): void;
  terminate(): void;
}

/** Invariant: a frame is written whole and only while the connection is open, so it never interleaves with one of ws. */
export class WsListener implements Listener {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #frames: FrameCache;
  readonly #traffic: Traffic;
  readonly #owner: ListenerOwner;
  #written = 0;
  #bytes = 0;

  /** `ws` must not compress. */
  constructor(o: {
    ws: WebSocket;
    socket: Duplex;
    frames: FrameCache;
    traffic: Traffic;
    owner: ListenerOwner;
  }) {
    this.#ws = o.ws;
    this.#socket = o.socket;
    this.#frames = o.frames;
    this.#traffic = o.traffic;
    this.#owner = o.owner;
  }

  /** WebSocket messages written so far: what the client's `ack` counts. */
  get written(): number {
    return this.#written;
  }

  /** Bytes of these messages. */
  get bytes(): number {
    return this.#bytes;
  }

  write(lines: Utf8): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const frame = this.#frames.frameOf(lines);
    this.#socket.write(frame);
    this.#written += 1;
    this.#bytes += frame.length;
    this.#traffic.socketWrites += 1;
    this.#traffic.socketBytes += frame.length;
  }

  /** The answer carries the number back: {@link framesOfPong}. */
  ping(frames: number): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping(String(frames));
  }

  close(code: number, reason: string): void {
    this.#owner.end(code, reason);
  }

  terminate(): void {
    this.#owner.terminate();
  }
}

/** The number that a pong of {@link WsListener.ping} carries; undefined: it answers another ping, or none. */
export function framesOfPong(payload: Buffer): number | undefined {
  const text = payload.toString('latin1');
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
