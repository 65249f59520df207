// One endpoint of a polled feed: asks for all of its pages, or for what has changed, and for none that it has already. Compares
// nothing with what is published, and does not know when it is polled next.

import { BadFeed } from '../format/bad-feed.js';
import type { FeedClient, FeedRequest, FeedResponse } from '../client/feed-client.js';
import { FeedFault, shownUrl } from '../client/feed-fault.js';
import type { FeedFields } from './feed-fields.js';
import type { FeedParser } from '../format/feed-parser.js';
import type { PageItems } from '../format/page-items.js';
import {
  conditionsFor,
  confirmedPage,
  linkOf,
  PageMemory,
  type Conditions,
  type Page,
} from './page-memory.js';
import { PageWalk, type PageLimits, type Paging } from './paging.js';
import {
  requestForm,
  withQuery,
  type RequestForm,
  type RequestTemplate,
} from '../client/request-template.js';
import { SinceMark, type SinceSettings } from './since.js';

export interface EndpointSettings {
  /** undefined: the source has no `for`. */
  readonly forValue: string | undefined;
  readonly request: RequestTemplate;
  readonly paging: Paging | undefined;
  readonly limits: PageLimits;
  readonly since: SinceSettings | undefined;
  /** How often at least a poll asks for everything, without conditions. */
  readonly fullEveryMs: number;
  /** As the parser has them. */
  readonly fields: FeedFields;
}

export interface EndpointParts {
  readonly client: Pick<FeedClient, 'request'>;
  readonly parser: Pick<FeedParser, 'read'>;
  /** `now`: wall time, ms since 1970. */
  readonly clock: { now(): number; monotonic(): number };
}

/** All pages of one poll. */
export interface Poll {
  /** It has every item that exists, so that what it does not have is gone. */
  readonly isFull: boolean;
  readonly pages: readonly PolledPage[];
  /** Of the bodies that were received: what is known already costs none. */
  readonly bytes: number;
}

export interface PolledPage {
  readonly items: PageItems;
  /** The same bytes at the same place as in the last poll that was settled, and nothing else was settled since. */
  readonly isUnchanged: boolean;
}

/** `all`: every page, whatever is known. `changed`: every page, or that it has not changed. `since`: what is new. */
type Scope =
  | { readonly of: 'all' | 'changed' }
  | { readonly of: 'since'; readonly parameter: readonly [string, string] };

/** What a poll has read until now. */
interface Progress {
  readonly scope: Scope;
  readonly pages: Map<string, Page>;
  bytes: number;
  answeredAt: number;
}

/** Invariant: a poll that fails, at whichever page, leaves the endpoint as it was, so that no later poll is made of parts of it. */
export class Endpoint {
  /** Value of `for`, or `feed`. */
  readonly name: string;
  readonly #settings: EndpointSettings;
  readonly #parts: EndpointParts;
  readonly #form: RequestForm;
  readonly #memory = new PageMemory();
  readonly #since: SinceMark | undefined;
  /** When the last complete poll of everything began, monotonic. */
  #allAt: number | undefined;

  /** Throws OptionsRejected where a request cannot be made of the options. */
  constructor(settings: EndpointSettings, parts: EndpointParts) {
    this.name = settings.forValue ?? 'feed';
    this.#settings = settings;
    this.#parts = parts;
    this.#form = requestForm(settings.request, settings.forValue);
    this.#since = settings.since && new SinceMark(settings.since, settings.fields);
  }

  /** One at a time. Throws FeedFault, BadFeed, and the reason of `signal`. */
  async poll(signal: AbortSignal): Promise<Poll> {
    const { clock } = this.#parts;
    const began = { wall: clock.now(), monotonic: clock.monotonic() };
    const scope = this.#scope(began.monotonic);
    const { pages, bytes, answeredAt } = await this.#read(scope, signal);
    const items = Array.from(pages.values(), (page) => page.items);
    const isFull = scope.of !== 'since';
    this.#since?.read({ isFull, pages: items, beganAt: began.wall, answeredAt });
    if (isFull) this.#memory.replace(pages);
    else this.#memory.clear(); // what is published from here on is of no full poll
    if (scope.of === 'all') this.#allAt = began.monotonic;
    const polled = items.map((each, place) => ({
      items: each,
      isUnchanged: this.#memory.isUnchanged(each, place),
    }));
    return { isFull, pages: polled, bytes };
  }

  /** What the last poll brought is applied: the next may ask for what comes after it. */
  settle(): void {
    this.#memory.settle();
    this.#since?.settle();
  }

  /** The next poll asks for everything, and nothing of it is unchanged: for who begins anew. */
  forget(): void {
    this.#memory.clear();
    this.#since?.clear();
    this.#allAt = undefined;
  }

  #scope(nowMs: number): Scope {
    if (this.#allAt === undefined || nowMs - this.#allAt >= this.#settings.fullEveryMs) return { of: 'all' };
    const parameter = this.#since?.parameter;
    return parameter === undefined ? { of: 'changed' } : { of: 'since', parameter };
  }

  async #read(scope: Scope, signal: AbortSignal): Promise<Progress> {
    const { paging, limits, fields } = this.#settings;
    const start = scope.of === 'since' ? withQuery(this.#form.url, [scope.parameter]) : this.#form.url;
    const walk = new PageWalk({ paging, limits, cursorField: fields.cursor, start });
    const progress: Progress = { scope, pages: new Map(), bytes: 0, answeredAt: NaN };
    for (let url: URL | undefined = walk.first; url !== undefined;) {
      const page: Page = await this.#page(url, progress, signal);
      progress.pages.set(url.href, page);
      url = walk.after(page);
    }
    return progress;
  }

  async #page(url: URL, progress: Progress, signal: AbortSignal): Promise<Page> {
    const { scope, pages } = progress;
    const number = pages.size + 1;
    const kept = scope.of === 'since' ? undefined : this.#memory.find(url.href);
    const conditions = scope.of === 'changed' && this.#form.method === 'GET' ? kept?.conditions : undefined;
    const response = await this.#parts.client.request(this.#request(url, conditions, signal));
    const { status, headers, body } = response;
    if (number === 1) progress.answeredAt = Date.parse(headers.date ?? '');
    if (status === 304) return this.#confirmed(kept, conditions, response);
    progress.bytes += body.length;
    const contentType = headers['content-type'];
    const isKnown = kept !== undefined && kept.contentType === contentType && kept.body.equals(body);
    return {
      url: response.url,
      ...(isKnown
        ? { body: kept.body, items: kept.items }
        : { body, items: this.#parse(response, { number, former: kept?.items }) }),
      contentType,
      link: linkOf(headers),
      conditions: conditionsFor(headers),
    };
  }

  #request(url: URL, conditions: Conditions | undefined, signal: AbortSignal): FeedRequest {
    const { method, headers, body } = this.#form;
    return { url, method, headers: { ...headers, ...conditions }, body, signal };
  }

  /** What a 304 stands for. */
  #confirmed(
    kept: Page | undefined,
    conditions: Conditions | undefined,
    { url, headers }: FeedResponse,
  ): Page {
    if (kept === undefined || conditions === undefined || Object.keys(conditions).length === 0) {
      throw new FeedFault(
        'bad',
        `${shownUrl(url)}: it says that nothing has changed (304), which it was not asked; are there conditions in \`headers\`?`,
        { status: 304 },
      );
    }
    return confirmedPage(kept, headers);
  }

  #parse(
    { body, headers }: FeedResponse,
    { number, former }: { readonly number: number; readonly former: PageItems | undefined },
  ): PageItems {
    try {
      return this.#parts.parser.read(body, headers['content-type'], former);
    } catch (error) {
      if (number === 1 || !(error instanceof BadFeed)) throw error;
      throw new BadFeed(`page ${number}: ${error.message}`, { cause: error });
    }
  }
}
