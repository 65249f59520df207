// The pages of the last complete poll: what a 304 stands for, and what a body is compared with before it is parsed. Decides nothing
// about when a page is asked for; that is endpoint.ts.

import type { IncomingHttpHeaders } from 'node:http';
import type { PageItems } from '../format/page-items.js';

/** A page as it was read. */
export interface Page {
  /** Whose page it is, redirects followed: what is relative in it is relative to this. */
  readonly url: URL;
  readonly body: Buffer;
  /** The same object for as long as the bytes are the same. */
  readonly items: PageItems;
  readonly contentType: string | undefined;
  /** The header `Link`. */
  readonly link: string | undefined;
  /** Names of request headers in lower case; none: the server says nothing by which a page could be told from the next. */
  readonly conditions: Conditions;
}

export interface Conditions {
  readonly 'if-none-match'?: string;
  readonly 'if-modified-since'?: string;
}

/** Of the pages of a poll, each by the URL under which it was asked for, in order. */
export type PagesByUrl = ReadonlyMap<string, Page>;

/**
 * Invariant: holds the pages of one complete poll, all or none. Those of a poll that fails half way never come here: a later poll
 * would take them from a 304 for part of a state that no poll has had.
 */
export class PageMemory {
  #pages: PagesByUrl = new Map();
  #settled: readonly PageItems[] = [];

  /** `url`: as it was asked for. */
  find(url: string): Page | undefined {
    return this.#pages.get(url);
  }

  /** A poll is complete. */
  replace(pages: PagesByUrl): void {
    this.#pages = pages;
  }

  /** The poll was applied. */
  settle(): void {
    this.#settled = Array.from(this.#pages.values(), ({ items }) => items);
  }

  /** Nothing is as it was: what comes next is not compared with it. */
  clear(): void {
    this.#pages = new Map();
    this.#settled = [];
  }

  /** Whether this was the page at this place in the last poll that was applied. */
  isUnchanged(items: PageItems, place: number): boolean {
    return this.#settled[place] === items;
  }
}

/** The page with the headers of an answer that says it has not changed; what it leaves out stays (RFC 9111, 3.2). */
export function confirmedPage(page: Page, headers: IncomingHttpHeaders): Page {
  return {
    ...page,
    link: linkOf(headers) ?? page.link,
    conditions: { ...page.conditions, ...conditionsFor(headers) },
  };
}

/**
 * By what the server can tell whether a page has changed since. A `Last-Modified` of the second in which it was sent cannot: the
 * page may change once more within it (RFC 9110, 8.8.2.2).
 */
export function conditionsFor(headers: IncomingHttpHeaders): Conditions {
  const { etag, date, 'last-modified': modified } = headers;
  const isOld = Date.parse(date ?? '') - Date.parse(modified ?? '') >= 1_000;
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(modified !== undefined && isOld && { 'if-modified-since': modified }),
  };
}

/** The header `Link`, all of them in one. */
export function linkOf({ link }: IncomingHttpHeaders): string | undefined {
  return Array.isArray(link) ? link.join(', ') : link;
}
