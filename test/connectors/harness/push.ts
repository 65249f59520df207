// Push for the conformance kit: a sender that calls the receiver as the admin port does, and sends again what was refused for
// want of room.

import type { ReceiverAnswer, Source } from '../../../connectors/contract.js';
import type { ConnectorHarness, TestUpstream, Write } from '../../../connectors/kit/harness.js';
import { push as connector } from '../../../connectors/push/push.js';
import type { PushOptions } from '../../../connectors/push/options.js';
import type { TestedConnector } from './tested-connector.js';

const RECORDS_PER_REQUEST = 50;
const MAX_WAITING_BYTES = 1024 * 1024;

const harness: ConnectorHarness = {
  type: connector,
  traits: { completeState: false, resumes: false, repeats: false },
  cannot: { breakContact: 'senders come to it' },
  misconfigurations: [], // there is nobody to be reached, and nothing to be mistaken about but what the schema refuses
  buffersBytes: 4 * MAX_WAITING_BYTES,
  createUpstream: async () => createUpstream(),
};

function createUpstream(): TestUpstream {
  const sender = new Sender();
  const options: PushOptions = { maxWaitingBytes: MAX_WAITING_BYTES };
  return {
    options,
    connected: (source) => (sender.source = source),
    write: (writes) => sender.send(writes),
    writeBad: () => sender.sendBad(),
    acknowledged: async (write) => sender.taken.has(write),
    close: async () => sender.stop(),
  };
}

/** Invariant: `taken` has what was answered with success. */
class Sender {
  source: Source | undefined;
  readonly taken = new Set<Write>();
  readonly #gone = new AbortController();

  /** In order: each request waits for the answer of the one before. */
  async send(writes: readonly Write[]): Promise<void> {
    for (let from = 0; from < writes.length; from += RECORDS_PER_REQUEST) {
      const some = writes.slice(from, from + RECORDS_PER_REQUEST);
      const answer = await this.#request(some);
      if (answer.status !== 200) throw new Error(`answered ${answer.status} ${JSON.stringify(answer.body)}`);
      for (const write of some) this.taken.add(write);
    }
  }

  stop(): void {
    this.#gone.abort();
  }

  /** A body that is no JSON would be refused at the door; a value that is none is a record like any other until it is decoded. */
  async sendBad(): Promise<void> {
    await this.#send(['{"key":"bad","value":"{","encoding":"text"}']);
  }

  #request(writes: readonly Write[]): Promise<ReceiverAnswer> {
    return this.#send(
      writes.map(({ key, value }) => `{"key":${JSON.stringify(key)},"value":${value ?? 'null'}}`),
    );
  }

  async #send(lines: readonly string[]): Promise<ReceiverAnswer> {
    const receiver = this.source?.receiver;
    if (receiver === undefined) throw new Error('the source has no receiver');
    return receiver.receive({
      body: Buffer.from(lines.join('\n')),
      contentType: 'application/x-ndjson',
      idempotencyKey: undefined,
      signal: this.#gone.signal,
    });
  }
}

export const tested: TestedConnector = {
  harnesses: { 'what is sent to it': harness },
  leftOut: {
    'what is sent to it': [
      'not promised by completeState: false',
      'not promised by resumes: false',
      'not promised by completeState: false',
      'not promised by resumes: false',
      'not promised by resumes: false',
      'not promised by resumes: false',
      'not tried (breakContact: senders come to it)',
      'not tried (breakContact: senders come to it)',
    ],
  },
  open: async () => undefined,
  close: async () => undefined,
};
