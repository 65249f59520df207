// A real push source behind a real admin port, read by a real ingest into a log that the test looks at and can make slow.

import { request, type IncomingHttpHeaders } from 'node:http';
import { afterEach } from '@jest/globals';

import type { ReceivedRequest, Receiver, ReceiverAnswer, Source } from '../../connectors/contract.js';
import { push } from '../../connectors/push/push.js';
import type { PushOptions } from '../../connectors/push/options.js';
import { systemClock } from '../../src/clock.js';
import { Ingest } from '../../src/ingest/ingest.js';
import { AdminServer } from '../../src/server/admin-server.js';
import { createLog } from '../../src/telemetry/logger.js';
import { RecordedLog } from '../ingest/recorded-log.js';
import { mappingOf } from '../ingest/records.js';
import { until } from '../server/until.js';
import { loopbackOutbound } from '../support/outbound.js';

export const TOKEN = 'cAnArY-admin-token';

export interface Pushed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: unknown;
}

/** A request that has been sent. */
export interface Sending {
  readonly answer: Promise<Pushed>;
  /** The sender goes away; `answer` rejects. */
  leave(): void;
}

export class PushedSource {
  readonly log = new RecordedLog();
  readonly letters: { readonly offset: string | number; readonly code: string }[] = [];
  readonly source: Source;
  readonly ingest: Ingest;
  readonly #admin: AdminServer;
  readonly #reading = new AbortController();
  /** Requests that have their place in the order, or their answer. */
  arrived = 0;
  #ended: Promise<void> = Promise.resolve();
  #goOn: () => void = () => undefined;
  port = 0;

  private constructor(options: PushOptions) {
    const log = createLog({ level: 'error', style: 'json', write: () => undefined });
    this.source = push.create(options, { name: 'quotes', log, outbound: loopbackOutbound });
    this.ingest = new Ingest({
      ...{ name: 'quotes', source: this.source, clock: systemClock, log, writer: this.log },
      mapping: mappingOf([{ path: 'p/{key}' }]),
      ...{ keyFormat: 'string', valueFormat: 'json' },
      deadLetters: {
        write: ({ offset, code }) => void this.letters.push({ offset, code }),
        close: () => Promise.resolve(),
      },
    });
    this.#admin = new AdminServer({
      ...{ clock: systemClock, log },
      listen: { host: '127.0.0.1', port: 0, token: { reveal: () => TOKEN } },
      metrics: () => Promise.reject(new Error('not asked for')),
      readiness: () => [],
      status: () => {
        throw new Error('not asked for');
      },
      receiver: (name) => (name === 'quotes' ? this.#counting(this.ingest.receiver) : undefined),
    });
  }

  #counting(receiver: Receiver | undefined): Receiver | undefined {
    if (receiver === undefined) return undefined;
    const { token, maxBodyBytes } = receiver;
    const receive = (received: ReceivedRequest): Promise<ReceiverAnswer> => {
      const answer = receiver.receive(received);
      this.arrived++;
      return answer;
    };
    return { token, maxBodyBytes, receive };
  }

  /** Is read until the test ends. */
  static async start(options: PushOptions = {}): Promise<PushedSource> {
    const test = new PushedSource(options);
    running.push(test);
    test.port = (await test.#admin.listen()).port;
    test.#ended = test.ingest.run(test.#reading.signal);
    await until('it to be live', () => test.ingest.status.state === 'live');
    return test;
  }

  /** `body`: bytes or text as they are, anything else as JSON. */
  begin(body: unknown, headers: Record<string, string> = {}): Sending {
    const written = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const sent = request({
      ...{ host: '127.0.0.1', port: this.port, method: 'POST', path: '/v1/push/quotes', agent: false },
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    });
    const answer = new Promise<Pushed>((resolve, reject) => {
      sent.on('error', reject);
      sent.on('response', (response) => {
        let text = '';
        response.on('data', (bytes) => (text += String(bytes)));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, json: JSON.parse(text) });
        });
      });
    });
    answer.catch(() => undefined);
    sent.end(written);
    return { answer, leave: () => void sent.destroy() };
  }

  send(body: unknown, headers: Record<string, string> = {}): Promise<Pushed> {
    return this.begin(body, headers).answer;
  }

  /** From here on nothing becomes durable, until the function that is returned is called. */
  stall(): () => void {
    this.log.durable = new Promise((resolve) => (this.#goOn = resolve));
    return () => {
      this.log.durable = undefined;
      this.#goOn();
    };
  }

  /** No more is read; what is waited for is answered. */
  async stop(): Promise<void> {
    this.#reading.abort();
    await this.#ended;
  }

  async close(): Promise<void> {
    this.#goOn();
    await this.stop();
    await this.#admin.stop();
  }
}

const running: PushedSource[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((test) => test.close()));
});
