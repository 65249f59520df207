// The process that writes records to a real broker: many at once, or one by one at a steady rate.

import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { plainRecordBatch, type NewRecord } from '../../src/kafka/batch-writer.js';
import { produceRequest, readProduceAnswer } from '../../src/kafka/produce-request.js';
import { serve } from '../process/remote.js';
import { stampUs } from '../server/load.js';
import { Workload } from '../server/workload.js';

const PER_BATCH = 1_000;
/** Batches on the way while filling a topic. */
const MOST_IN_FLIGHT = 8;

const SETTINGS = { clientId: 'bench', timeoutMs: 10_000 };

/** A broker works on one request of a connection at a time. */
const CONNECTIONS = 4;

let connections: readonly Producer[] = [];
let turn = 0;
let workload = new Workload({ shape: 'record', paths: 1, sharesMembers: true });

const methods = {
  async open(broker: string, paths: number): Promise<void> {
    workload = new Workload({ shape: 'record', paths, sharesMembers: true });
    connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Producer.connect(broker)));
  },

  /** Writes `count` records, the paths taking turns. */
  async fill(topic: string, count: number): Promise<void> {
    const { length } = workload.paths;
    for (let at = 0; at < count; at += PER_BATCH) {
      const size = Math.min(PER_BATCH, count - at);
      next().send(
        topic,
        Array.from({ length: size }, (_, i) => recordOf((at + i) % length, 0)),
      );
      await inFlightAtMost(MOST_IN_FLIGHT);
    }
    await inFlightAtMost(0);
  },

  /** Writes single records with the time in them, each in a request of its own; returns how many. */
  async trickle(topic: string, o: { perSecond: number; durationMs: number }): Promise<number> {
    const startedAt = performance.now();
    let sent = 0;
    for (;;) {
      const elapsedMs = performance.now() - startedAt;
      if (elapsedMs >= o.durationMs) break;
      const due = Math.floor((elapsedMs / 1000) * o.perSecond);
      for (; sent < due; sent++) next().send(topic, [recordOf(sent % workload.paths.length, stampUs())]);
      await wait(1);
    }
    await inFlightAtMost(0);
    return sent;
  },
};

export type ProducerProcess = typeof methods;

function next(): Producer {
  const producer = connections[turn++ % connections.length];
  if (producer === undefined) throw new Error('the producer was not opened');
  return producer;
}

async function inFlightAtMost(count: number): Promise<void> {
  for (const producer of connections) await producer.inFlightAtMost(Math.floor(count / connections.length));
}

function recordOf(path: number, nowUs: number): NewRecord {
  const { value } = nowUs === 0 ? workload.next(path) : workload.nextStamped(path, nowUs);
  return { key: Buffer.from(`S${path}`), value, headers: [], timestampMs: Date.now() };
}

/** Invariant: `#inFlight` requests have been sent and not been answered; the first refusal ends everything. */
class Producer {
  readonly #socket: Socket;
  #inFlight = 0;
  #correlation = 0;
  #unread = Buffer.alloc(0);
  #refusal: Error | undefined;

  static connect(broker: string): Promise<Producer> {
    const [host, port] = broker.split(':');
    return new Promise((resolve, reject) => {
      const socket = connect({ host: host ?? '', port: Number(port), noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Producer(socket)));
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('close', () => (this.#refusal ??= new Error('the broker closed the connection')));
  }

  send(topic: string, records: readonly NewRecord[]): void {
    this.#inFlight += 1;
    const request = produceRequest({ topic, partition: 0 }, plainRecordBatch(records), SETTINGS);
    this.#socket.write(request(++this.#correlation));
  }

  async inFlightAtMost(count: number): Promise<void> {
    while (this.#inFlight > count) {
      if (this.#refusal !== undefined) throw this.#refusal;
      await wait(1);
    }
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    while (this.#unread.length >= 4 && this.#unread.length >= 4 + this.#unread.readInt32BE(0)) {
      const end = 4 + this.#unread.readInt32BE(0);
      const error = readProduceAnswer(this.#unread.subarray(8, end)); // behind length and correlation id
      if (error !== 0) this.#refusal ??= new Error(`the broker refused a record: error ${error}`);
      this.#unread = this.#unread.subarray(end);
      this.#inFlight -= 1;
    }
  }
}

serve(methods);
