// A stream server that answers as a test says, and a reading of it in the background that keeps what it said.

import { afterEach } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { SourceEvent } from '../../../connectors/contract.js';
import { FeedParser } from '../../../connectors/rest/format/feed-parser.js';
import {
  FollowedReading,
  type FollowedReadingSettings,
} from '../../../connectors/rest/stream/followed-reading.js';
import { answering, clientWith, until, type Answering } from './answering.js';

export { until };

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
});

/** How one connection is answered; `number` of it, from 0. */
export type Answer = (response: ServerResponse, number: number, request: IncomingMessage) => void;

/** Of the test that runs. `at`: when each request came, ms of `performance.now()`. */
export async function streamServer(answer: Answer): Promise<Answering & { readonly at: number[] }> {
  const at: number[] = [];
  const server = await answering((request, response) => {
    at.push(performance.now());
    answer(response, at.length - 1, request);
  });
  open.push({ stop: () => server.close() });
  return { ...server, at };
}

/** The head of a stream of server-sent events. */
export function beginEvents(response: ServerResponse, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  response.flushHeaders();
}

/** The head of a stream of lines. */
export function beginLines(response: ServerResponse): void {
  beginEvents(response, { 'content-type': 'application/x-ndjson' });
}

export interface FollowSettings extends Partial<FollowedReadingSettings> {
  readonly items?: string;
  readonly key?: string;
  /** JSON pointer. */
  readonly deleted?: string;
}

/** Waits are at about a hundredth of those of a process. */
export const QUICK = { firstMs: 10, longestMs: 200, longestRetryAfterMs: 1_000 };

export interface Logged {
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export function readingOf(url: URL, settings: FollowSettings = {}, logged: Logged[] = []): FollowedReading {
  const { items = '', key = '/id', deleted, ...others } = settings;
  const note = (event: string, facts: Readonly<Record<string, unknown>> = {}) =>
    void logged.push({ event, facts });
  return new FollowedReading({
    ...{ name: 'feed', number: 0, contentType: 'check', maxBytes: 100_000 },
    ...{ client: clientWith(), request: { url, method: 'GET', headers: {}, body: undefined } },
    parser: new FeedParser({
      ...{ format: 'json', contentType: 'any', items, key, forValue: undefined, csv: { delimiter: ',' } },
      ...{ maxItems: 10_000, itemFields: deleted === undefined ? [] : [deleted], bodyFields: [] },
    }),
    deletedField: deleted === undefined ? undefined : 0,
    ...{ idleTimeoutMs: 5_000, staleAfterMs: 2_000, backOff: QUICK, reconnectMs: 10 },
    log: { info: note, warn: note },
    clock: { now: () => Date.now(), monotonic: () => performance.now(), random: () => Math.random() },
    ...others,
  });
}

/** A reading in the background, of the test that runs. */
export class Followed {
  readonly events: SourceEvent[] = [];
  readonly logged: Logged[] = [];
  readonly reading: FollowedReading;
  /** How many records there were. */
  count = 0;
  error: unknown;
  isEnded = false;
  readonly #ending = new AbortController();
  readonly #ended: Promise<void>;
  #gate: Promise<void> | undefined;
  #open: () => void = () => undefined;

  constructor(url: URL, settings: FollowSettings = {}, after?: string) {
    this.reading = readingOf(url, settings, this.logged);
    this.#ended = this.#run(after).catch((error: unknown) => void (this.error = error));
    open.push(this);
  }

  /** As `key=value`; null as `-`. */
  get records(): string[] {
    return this.batches.flatMap(({ records }) =>
      records.map(({ key, value }) => `${key?.toString() ?? '-'}=${value?.toString() ?? '-'}`),
    );
  }

  get batches() {
    return this.events.flatMap((event) => (event.type === 'records' ? [event] : []));
  }

  /** What it said besides. */
  get told(): string[] {
    return this.events.flatMap(({ type }) => (type === 'records' ? [] : [type]));
  }

  get position(): string | undefined {
    return this.batches.at(-1)?.position;
  }

  /** Of the last interruption. */
  get reason(): string | undefined {
    return this.events.flatMap((event) => (event.type === 'interrupted' ? [event.reason] : [])).at(-1);
  }

  /** Takes one event more at most, until {@link resume}. */
  pause(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  resume(): void {
    this.#gate = undefined;
    this.#open();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.resume();
    await this.#ended;
    if (this.error instanceof Error) throw this.error;
  }

  async #run(after: string | undefined): Promise<void> {
    for await (const event of this.reading.events(after, this.#ending.signal)) {
      this.events.push(event);
      if (event.type === 'records') this.count += event.records.length;
      await this.#gate;
    }
    this.isEnded = true;
  }
}
