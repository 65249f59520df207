// The Kafka that the demo runs on: one of its own in a temporary folder, which the page may kill and start again, or one that
// exists already, which the demo leaves alone.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startKafka } from './local-kafka.js';

export interface DemoBroker {
  readonly brokers: readonly string[];
  readonly state: 'running' | 'starting' | 'stopped' | 'external';
  /** As a power cut would: SIGKILL. */
  kill(): Promise<void>;
  /** Again, on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. Idempotent. */
  close(): Promise<void>;
}

/** A broker that somebody else runs. */
export function externalBroker(brokers: readonly string[]): DemoBroker {
  const nothing = (): Promise<void> => Promise.resolve();
  return { brokers, state: 'external', kill: nothing, start: nothing, close: nothing };
}

/** Installs Kafka if need be and starts it. Throws KafkaNotInstallable and KafkaDidNotStart. */
export async function ownBroker(onProgress: (line: string) => void): Promise<DemoBroker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tailrace-demo-'));
  const removeData = (): Promise<void> => rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  const kafka = await startKafka({ dataDir, onProgress }).catch(async (error: unknown) => {
    await removeData();
    throw error;
  });
  let state: DemoBroker['state'] = 'running';
  /** One change at a time: what was asked last is what it ends as. */
  let change: Promise<void> = Promise.resolve();
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    change = change.catch(() => undefined).then(task);
    return change;
  };
  return {
    brokers: kafka.brokers,
    get state() {
      return state;
    },
    kill: () =>
      inTurn(async () => {
        if (state !== 'running') return;
        state = 'stopped';
        await kafka.kill('SIGKILL');
      }),
    start: () =>
      inTurn(async () => {
        if (state !== 'stopped') return;
        state = 'starting';
        await kafka.restart().catch((error: unknown) => {
          state = 'stopped';
          throw error;
        });
        state = 'running';
      }),
    close: () =>
      inTurn(async () => {
        state = 'stopped';
        await kafka.stop();
        await removeData();
      }),
  };
}
