// A checking client on a real WebSocket that subscribes to everything and remembers what it was told about staleness.

import { WebSocket } from 'ws';

import { systemClock } from '../../src/clock.js';
import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';
import { CheckingClient } from '../checker/checking-client.js';
import type { Value } from '../oracle/naive-json.js';

export class Watcher {
  /** `[7,..]` as `stale` and `[8,..]` as `fresh`, in the order received. */
  readonly marks: ('stale' | 'fresh')[] = [];
  closed: number | undefined;
  /** Lines that said something about the value of a path: keyframes, values, deltas, deletes. */
  changes = 0;
  /** The first thing that the checker found wrong. */
  fault: unknown;
  readonly #ws: WebSocket;
  readonly #client: CheckingClient;
  #subscription = 0;

  /** `token`: left out, a session without one. `applied`: told whenever `values` may be looked at. */
  constructor(publicUrl: string, token?: string, applied?: () => void) {
    this.#ws = new WebSocket(`${publicUrl.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL_JSON);
    this.#client = new CheckingClient({
      send: (line) => this.#ws.send(line),
      clock: systemClock,
      acks: true,
      ...(applied && { applied }),
    });
    this.#ws.on('open', () => {
      this.#client.authenticate(token);
      this.#subscription = this.#client.subscribe({ filters: ['**'] });
    });
    this.#ws.on('message', (bytes: Buffer) => this.#take(bytes.toString()));
    this.#ws.on('error', (error) => (this.fault ??= error));
    this.#ws.on('close', (code) => (this.closed = code));
  }

  /** The snapshot has been given. */
  get isLive(): boolean {
    if (this.fault !== undefined) throw this.fault as Error;
    return this.#subscription !== 0 && this.#client.isLive(this.#subscription);
  }

  get stale(): ReadonlySet<string> {
    return this.#client.staleOf(this.#subscription);
  }

  get values(): ReadonlyMap<string, Value> {
    if (this.fault !== undefined) throw this.fault as Error;
    return this.#client.valuesOf(this.#subscription);
  }

  /** Throws unless exactly these values are held, and all or none of them shown as old. */
  expect(values: ReadonlyMap<string, Value>, { areStale }: { readonly areStale: boolean }): void {
    this.#client.expectValues(this.#subscription, values);
    this.#client.expectStale(this.#subscription, new Set(areStale ? values.keys() : []));
  }

  /** Reads nothing from here on. */
  stall(): void {
    this.#ws.pause();
  }

  stop(): void {
    this.#client.stop();
    this.#ws.terminate();
  }

  #take(message: string): void {
    try {
      this.#client.receive(message);
    } catch (error) {
      this.fault ??= error;
    }
    for (const line of message.split('\n')) {
      if (/^\[[0-4],/.test(line)) this.changes++;
      if (line.startsWith('[7,')) this.marks.push('stale');
      if (line.startsWith('[8,')) this.marks.push('fresh');
    }
  }
}
