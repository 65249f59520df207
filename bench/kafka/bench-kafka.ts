// The real broker of the rows that read from Kafka: started when the first of them asks, gone with the run. It is not kept on
// a core: beside producer and clients on theirs it would be what latencies show.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';

/** Invariant: at most one broker, and none after `stop`. */
export class BenchKafka {
  readonly #progress: (text: string) => void;
  #started: Promise<{ readonly kafka: LocalKafka; readonly dataDir: string }> | undefined;

  constructor(progress: (text: string) => void) {
    this.#progress = progress;
  }

  async running(): Promise<LocalKafka> {
    this.#started ??= this.#start();
    return (await this.#started).kafka;
  }

  async stop(): Promise<void> {
    const started = await this.#started?.catch(() => undefined);
    if (started === undefined) return;
    await started.kafka.stop();
    await rm(started.dataDir, { recursive: true, force: true });
  }

  async #start(): Promise<{ readonly kafka: LocalKafka; readonly dataDir: string }> {
    const dataDir = await mkdtemp(join(tmpdir(), 'tailrace-bench-kafka-'));
    this.#progress('starting a broker');
    const kafka = await startKafka({ dataDir, onProgress: this.#progress });
    return { kafka, dataDir };
  }
}
