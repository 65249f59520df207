// An endpoint with the real client and the real parser before a feed server on loopback. Time is set by hand. Items have an `id`.

import { setImmediate as nextTurn } from 'node:timers/promises';

import { Endpoint, type EndpointSettings, type Poll } from '../../../connectors/rest/poll/endpoint.js';
import { FeedClient } from '../../../connectors/rest/client/feed-client.js';
import { feedFields } from '../../../connectors/rest/poll/feed-fields.js';
import { FeedParser } from '../../../connectors/rest/format/feed-parser.js';
import type { PageLimits } from '../../../connectors/rest/poll/paging.js';
import type { RequestTemplate } from '../../../connectors/rest/client/request-template.js';
import { createOutbound } from '../../../src/outbound/outbound.js';
import type { Feed } from '../../support/feed.js';
import { FeedServer, type SeenRequest } from '../../support/feed-server.js';

export const FULL_EVERY_MS = 600_000;

export interface TestedSettings extends Partial<Pick<EndpointSettings, 'paging' | 'since' | 'forValue'>> {
  readonly items?: string;
  readonly limits?: Partial<PageLimits>;
  readonly request?: Partial<RequestTemplate>;
}

/** Invariant: `close` ends all that it opened. */
export class PolledEndpoint {
  readonly endpoint: Endpoint;
  readonly clock = { wall: Date.now(), monotonic: 1_000 };
  /** Bodies that were parsed. */
  parsed = 0;
  readonly #server: FeedServer;

  private constructor(server: FeedServer, settings: TestedSettings) {
    this.#server = server;
    const { paging, since, forValue, items = '', limits, request } = settings;
    const fields = feedFields({ deleted: undefined, paging, since });
    const outbound = createOutbound({ allow: ['127.0.0.0/8'] });
    const parser = new FeedParser({
      ...{ format: 'json', contentType: 'check', items, key: '/id', forValue, csv: { delimiter: ',' } },
      ...{ maxItems: 50_000, itemFields: fields.itemFields, bodyFields: fields.bodyFields },
    });
    this.endpoint = new Endpoint(
      {
        ...{ forValue, paging, since, fields, fullEveryMs: FULL_EVERY_MS },
        request: { ...REQUEST, url: server.url('/feed'), ...request },
        limits: { maxPages: 1_000, maxItems: 50_000, maxBytes: 5 * 1024 * 1024, ...limits },
      },
      {
        client: new FeedClient({ ...CLIENT, timeoutMs: 10_000, maxBytes: 5 * 1024 * 1024 }, outbound),
        parser: {
          read: (...body) => {
            this.parsed++;
            return parser.read(...body);
          },
        },
        clock: { now: () => this.clock.wall, monotonic: () => this.clock.monotonic },
      },
    );
  }

  static async open(settings: TestedSettings = {}): Promise<PolledEndpoint> {
    const server = await FeedServer.listen();
    server.feed('/feed');
    return new PolledEndpoint(server, settings);
  }

  get feed(): Feed {
    return this.#server.feed('/feed');
  }

  /** Of another path of the same server. */
  url(path: string): string {
    return this.#server.url(path);
  }

  get lastRequest(): SeenRequest {
    return this.feed.requests.at(-1)!;
  }

  poll(): Promise<Poll> {
    return this.endpoint.poll(new AbortController().signal);
  }

  /** A poll that is applied. */
  async applied(): Promise<Poll> {
    const poll = await this.poll();
    this.endpoint.settle();
    return poll;
  }

  async close(): Promise<void> {
    await this.#server.close();
    await nextTurn();
  }
}

const REQUEST: Omit<RequestTemplate, 'url'> = { method: 'GET', headers: {}, query: {}, body: undefined };
const CLIENT = { redirects: 'none', auth: undefined, tls: undefined } as const;

/** What a poll has, page by page. */
export function itemsOf({ pages }: Poll): unknown[][] {
  return pages.map(({ items }) =>
    Array.from({ length: items.count }, (_, i): unknown =>
      JSON.parse(items.bytes.toString('utf8', items.start(i), items.end(i))),
    ),
  );
}

/** Of each page, whether it is as it was. */
export function unchangedOf({ pages }: Poll): boolean[] {
  return pages.map(({ isUnchanged }) => isUnchanged);
}
