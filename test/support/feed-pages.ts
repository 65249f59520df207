// How a feed gives its items: the form of a body, and the ways to the next page.

import type { SeenRequest } from './feed-server.js';

/** `id` is its key, where it has one. */
export type FeedItem = Readonly<Record<string, unknown>>;

/**
 * `array`: `[item, ..]`. `members`: `{"<id>": item, ..}`. `wrapped`: `{"items": [item, ..], "next": cursor or null}`. `ndjson`: lines.
 * `csv`: a header of the first item's members. `xml`: `<feed><item><id>..</id>..</item>..</feed>`.
 */
export type FeedForm = 'array' | 'members' | 'wrapped' | 'ndjson' | 'csv' | 'xml';

/**
 * `link`: `Link: <?page=2>; rel="next"`. `cursor`: `next` of a wrapped body goes into `?cursor=`. `page`: `?page=` from 1. `offset`: `?offset=`
 * from 0. The last two end with a page that has less than `size` items, or none.
 */
export interface FeedPaging {
  readonly by: 'link' | 'cursor' | 'page' | 'offset';
  readonly size: number;
}

export interface FeedPage {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where a page says that the next one is. */
export type Turn = 'next' | 'loop' | 'more-pages';

export interface FeedShape {
  readonly form: FeedForm;
  /** undefined: one page has all. */
  readonly paging: FeedPaging | undefined;
  /** Members of a wrapped body beside `items` and `next`. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export class FeedPages {
  readonly #o: FeedShape;

  constructor(shape: FeedShape) {
    this.#o = shape;
  }

  isFirst({ query }: SeenRequest): boolean {
    return this.#from(query) === 0;
  }

  page(items: readonly FeedItem[], { target, query }: SeenRequest, turn: Turn): FeedPage {
    const { paging } = this.#o;
    if (paging === undefined) return this.#written(items, null);
    const from = this.#from(query);
    const to = from + paging.size;
    const shown = items.slice(from, to);
    const next = turn === 'next' ? (to < items.length ? to : undefined) : turn === 'loop' ? from : to;
    const page = this.#written(shown, paging.by === 'cursor' && next !== undefined ? `c${next}` : null);
    if (paging.by !== 'link' || next === undefined) return page;
    const { pathname, searchParams } = new URL(target, 'http://feed');
    searchParams.set('page', String(next / paging.size + 1));
    return {
      ...page,
      headers: { link: `<${pathname}?${searchParams.toString()}>; rel="next", </>; rel="start"` },
    };
  }

  /** Index of the first item of the page that is asked for. */
  #from(query: URLSearchParams): number {
    const { paging } = this.#o;
    switch (paging?.by) {
      case undefined:
        return 0;
      case 'link':
      case 'page':
        return (Number(query.get('page') ?? 1) - 1) * paging.size;
      case 'cursor':
        return Number((query.get('cursor') ?? 'c0').slice(1));
      case 'offset':
        return Number(query.get('offset') ?? 0);
    }
  }

  #written(items: readonly FeedItem[], next: string | null): FeedPage {
    const { form, extra } = this.#o;
    switch (form) {
      case 'array':
        return { contentType: 'application/json', headers: {}, body: JSON.stringify(items) };
      case 'members': {
        const members = items.map((item) => `${JSON.stringify(String(item['id']))}:${JSON.stringify(item)}`);
        return {
          contentType: 'application/json; charset=utf-8',
          headers: {},
          body: `{${members.join(',')}}`,
        };
      }
      case 'wrapped':
        return {
          contentType: 'application/json',
          headers: {},
          body: JSON.stringify({ ...extra, items, next }),
        };
      case 'ndjson': {
        const lines = items.map((item) => `${JSON.stringify(item)}\n`);
        return { contentType: 'application/x-ndjson', headers: {}, body: lines.join('') || '\n' };
      }
      case 'csv':
        return { contentType: 'text/csv', headers: {}, body: csvOf(items) };
      case 'xml':
        return { contentType: 'application/xml', headers: {}, body: xmlOf(items) };
    }
  }
}

function csvOf(items: readonly FeedItem[]): string {
  const names = Object.keys(items[0] ?? { id: '' });
  const cell = (value: unknown): string => `"${textOf(value).replaceAll('"', '""')}"`;
  const rows = items.map((item) => names.map((name) => cell(item[name])).join(','));
  return [names.join(','), ...rows, ''].join('\r\n');
}

function xmlOf(items: readonly FeedItem[]): string {
  const safe = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const element = (item: FeedItem): string =>
    Object.entries(item)
      .map(([name, value]) => `<${name}>${safe(textOf(value))}</${name}>`)
      .join('');
  return `<?xml version="1.0"?><feed>${items.map((item) => `<item>${element(item)}</item>`).join('')}</feed>`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
