// What a poll of a feed costs that brings nothing new but its time: from the body to the verdict, beside a bare JSON.parse of it.

import { Endpoint } from '../../connectors/rest/poll/endpoint.js';
import { FeedParser } from '../../connectors/rest/format/feed-parser.js';
import { PublishedItems } from '../../connectors/rest/poll/published-items.js';
import { CpuMeter } from './cpu.js';
import { profiled } from './profiled.js';

const ITEMS = 10_000;
/** Polls in one slice. */
const POLLS = 5;
const MANY = 1_000_000_000;

/** CPU per poll in ms, by slice. */
export interface PollCosts {
  readonly parse: readonly number[];
  readonly poll: readonly number[];
}

export interface PollCostOptions {
  readonly slices: number;
  /** False: items are read as if they had never been seen. */
  readonly knowsItems: boolean;
}

export async function pollCosts({ slices, knowsItems }: PollCostOptions): Promise<PollCosts> {
  const feed = new Feed();
  const endpoint = endpointOf(feed, knowsItems);
  const published = new PublishedItems({ deletedField: undefined, isGuarded: () => true });
  const costs = { parse: [] as number[], poll: [] as number[] };
  const poll = async (): Promise<string> => {
    const { outcome } = published.compare(await endpoint.poll(new AbortController().signal));
    endpoint.settle();
    return outcome;
  };
  if ((await poll()) !== 'changed') throw new Error('the first poll brought nothing');
  for (let slice = -5; slice < slices; slice++) {
    const parse = await msPerPoll(() => void JSON.parse(feed.next().toString()));
    const polled = await profiled(() =>
      msPerPoll(async () => {
        if ((await poll()) !== 'unchanged') throw new Error('a poll brought what it must not');
      }),
    );
    if (slice < 0) continue;
    costs.parse.push(parse);
    costs.poll.push(polled);
  }
  return costs;
}

async function msPerPoll(run: () => void | Promise<void>): Promise<number> {
  const meter = new CpuMeter();
  for (let poll = 0; poll < POLLS; poll++) await run();
  return meter.stop().cpuUs / POLLS / 1_000;
}

/** Invariant: no two bodies in a row are equal, and they differ in their heads alone. Made before anything is measured. */
class Feed {
  readonly #bodies: readonly Buffer[];
  #polls = 0;

  constructor() {
    const stations = Array.from({ length: ITEMS }, (_, i) => stationOf(i));
    this.#bodies = ['12:00:00', '12:00:30'].map((at) =>
      Buffer.from(JSON.stringify({ as_of: `2026-01-01T${at}Z`, stations })),
    );
  }

  next(): Buffer {
    return this.#bodies[this.#polls++ % this.#bodies.length] ?? Buffer.alloc(0);
  }
}

/** About 250 bytes in 12 members. */
function stationOf(i: number): object {
  return {
    id: `station-${i}`,
    name: `Station number ${i}`,
    lat: 59.9 + i / 10_000,
    lon: 10.7 + i / 10_000,
    temperature: (i % 40) - 10.5,
    humidity: i % 100,
    wind: { speed: i % 30, direction: i % 360 },
    updated: '2026-01-01T00:00:00Z',
    status: 'ok',
    country: 'NO',
    elevation: i,
    provider: 'met institute',
  };
}

function endpointOf(feed: Feed, knowsItems: boolean): Endpoint {
  const pointers = { itemFields: [], bodyFields: [] };
  const parser = new FeedParser({
    ...{ format: 'json', contentType: 'check', items: '/stations', key: '/id', forValue: undefined },
    ...{ csv: { delimiter: ',' }, maxItems: 50_000 },
    ...pointers,
  });
  const url = new URL('http://feed.example/');
  const headers = { 'content-type': 'application/json' };
  const fields = {
    ...pointers,
    deleted: undefined,
    sinceItem: undefined,
    sinceBody: undefined,
    cursor: undefined,
  };
  return new Endpoint(
    {
      forValue: undefined,
      request: { url: url.href, method: 'GET', headers: {}, query: {}, body: undefined },
      paging: undefined,
      limits: { maxPages: 1, maxItems: 50_000, maxBytes: MANY },
      since: undefined,
      fullEveryMs: MANY,
      fields,
    },
    {
      client: { request: () => Promise.resolve({ status: 200, headers, body: feed.next(), url }) },
      parser: knowsItems ? parser : { read: (body, contentType) => parser.read(body, contentType) },
      clock: { now: () => 0, monotonic: () => 0 },
    },
  );
}
