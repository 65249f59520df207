// From one page of a feed to the next: by header, cursor, number or offset. Sees to it that paging ends, and stays with the server.

import { BadFeed } from '../format/bad-feed.js';
import { nextLink } from './link-header.js';
import type { Page } from './page-memory.js';
import { withQuery } from '../client/request-template.js';

/** The option `paging`. */
export type Paging =
  /** The header `Link` with `rel=next`. */
  | { readonly by: 'link' }
  /** JSON pointer into the body. Without `query` the cursor is the URL of the next page. */
  | { readonly by: 'cursor'; readonly cursor: string; readonly query?: string | undefined }
  /** `first`: 1 where it is left out. */
  | {
      readonly by: 'page';
      readonly query: string;
      readonly first?: number | undefined;
      readonly size?: number | undefined;
      readonly sizeQuery?: string | undefined;
    }
  | {
      readonly by: 'offset';
      readonly query: string;
      readonly size: number;
      readonly sizeQuery?: string | undefined;
    };

export interface PageLimits {
  readonly maxPages: number;
  /** Over all pages. */
  readonly maxItems: number;
  /** Of one body. All of a poll together may have {@link MOST_POLL_BYTES}, or this if it is more. */
  readonly maxBytes: number;
}

/** All pages of a poll are held at once, until they are compared with what is published. */
export const MOST_POLL_BYTES = 256 * 1024 * 1024;

export interface PageWalkSettings {
  /** undefined: there is one page. */
  readonly paging: Paging | undefined;
  readonly limits: PageLimits;
  /** n of `PageItems.fact`, with `by: cursor`. */
  readonly cursorField: number | undefined;
  /** URL of the first page, but for what paging adds. */
  readonly start: URL;
}

/** Invariant: goes to no page twice, to no other origin than it began at, and no further than the limits. */
export class PageWalk {
  /** URL of the first page. */
  readonly first: URL;
  readonly #settings: PageWalkSettings;
  /** URL of each page, and its number. */
  readonly #asked: Map<string, number>;
  #items = 0;
  #bytes = 0;
  #last: Page | undefined;

  constructor(settings: PageWalkSettings) {
    this.#settings = settings;
    this.first = withQuery(settings.start, firstParameters(settings.paging));
    this.#asked = new Map([[this.first.href, 1]]);
  }

  /** URL of the page after `page`, which was the last one asked for; undefined: there is none. Throws BadFeed. */
  after(page: Page): URL | undefined {
    const { maxPages } = this.#settings.limits;
    this.#count(page);
    const next = this.#next(page);
    if (next === undefined) return undefined;
    const number = this.#asked.size;
    const before = this.#asked.get(next.href);
    if (before !== undefined) {
      throw new BadFeed(`paging goes in a circle: after page ${number} comes page ${before} again`);
    }
    if (number >= maxPages) {
      throw new BadFeed(
        `the feed has more than ${maxPages} pages; if it is as large as that, raise \`maxPages\``,
      );
    }
    this.#asked.set(next.href, number + 1);
    return next;
  }

  #count({ items, body }: Page): void {
    const { maxItems, maxBytes } = this.#settings.limits;
    this.#items += items.count;
    this.#bytes += body.length;
    if (this.#items > maxItems) {
      throw new BadFeed(
        `the feed has more than ${maxItems} items; if it is as large as that, raise \`maxItems\``,
      );
    }
    const most = Math.max(MOST_POLL_BYTES, maxBytes);
    if (this.#bytes > most) {
      throw new BadFeed(`the pages of the feed have more than ${most} bytes together; ask it for less`);
    }
  }

  #next(page: Page): URL | undefined {
    const { paging, cursorField } = this.#settings;
    switch (paging?.by) {
      case undefined:
        return undefined;
      case 'link':
        return this.#linked(page, nextLink(page.link));
      case 'cursor': {
        const cursor = cursorField === undefined ? undefined : page.items.fact(cursorField);
        if (cursor === undefined || cursor === '' || cursor === 'false') return undefined;
        if (paging.query === undefined) return this.#linked(page, cursor);
        return withQuery(this.#settings.start, [[paging.query, cursor]]);
      }
      case 'page':
      case 'offset':
        return this.#numbered(paging, page);
    }
  }

  #numbered(paging: Extract<Paging, { by: 'page' | 'offset' }>, page: Page): URL | undefined {
    const { count } = page.items;
    if (count === 0 || (paging.size !== undefined && count < paging.size)) return undefined;
    if (this.#last?.body.equals(page.body) === true) {
      throw new BadFeed(
        `page ${this.#asked.size} is the one before it again: the feed seems not to know the parameter ${JSON.stringify(paging.query)} of \`paging\``,
      );
    }
    this.#last = page;
    return withQuery(this.first, [[paging.query, numberOf(paging, this.#asked.size)]]);
  }

  #linked(page: Page, target: string | undefined): URL | undefined {
    if (target === undefined) return undefined;
    const number = this.#asked.size;
    if (!URL.canParse(target, page.url.href)) {
      throw new BadFeed(`what page ${number} gives for the URL of the next one is none; check \`paging\``);
    }
    const url = new URL(target, page.url);
    const { origin } = this.#settings.start;
    if (url.origin !== origin) {
      throw new BadFeed(
        `page ${number} says that the next one is at ${url.origin}; only pages at ${origin}, where \`url\` is, are asked for`,
      );
    }
    url.hash = '';
    url.username = '';
    url.password = '';
    return url;
  }
}

function firstParameters(paging: Paging | undefined): readonly (readonly [string, string])[] {
  if (paging?.by !== 'page' && paging?.by !== 'offset') return [];
  const { query, size, sizeQuery } = paging;
  const first = [query, numberOf(paging, 0)] as const;
  return size === undefined || sizeQuery === undefined ? [first] : [[sizeQuery, String(size)], first];
}

/** What the parameter says for the page with this index, from 0. */
function numberOf(paging: Extract<Paging, { by: 'page' | 'offset' }>, index: number): string {
  return String(paging.by === 'offset' ? index * paging.size : (paging.first ?? 1) + index);
}
