// The header `Link` (RFC 8288), as far as paging needs it.

import { BadFeed } from '../format/bad-feed.js';

const TARGET = /[\s,]*<([^>]*)>/y;
const PARAMETER = /\s*;\s*(?:([\w!#$%&'*+.^`|~-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?)?/y;
const END = /\s*(?:,|$)/y;
const REST = /[\s,]*$/y;

/**
 * Target of the first link whose relation is `next`, as it is written; undefined: there is none. Throws BadFeed where the header
 * cannot be read to its end: what looks like the last page would make everything on the others vanish.
 */
export function nextLink(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const cursor = new HeaderCursor(header);
  while (cursor.take(REST) === undefined) {
    const target = cursor.take(TARGET)?.[1];
    if (target === undefined) throw new BadFeed(UNREADABLE);
    const isNext = isNextLink(cursor);
    if (cursor.take(END) === undefined) throw new BadFeed(UNREADABLE);
    if (isNext) return target;
  }
  return undefined;
}

const UNREADABLE =
  'the header `Link` is not as RFC 8288 has it, so that nobody can tell whether there is a next page';

/** Reads the parameters of a link. One with `anchor` is about another document than the page. */
function isNextLink(cursor: HeaderCursor): boolean {
  let relation: string | undefined;
  let isAnchored = false;
  for (let found = cursor.take(PARAMETER); found !== undefined; found = cursor.take(PARAMETER)) {
    const [, name, quoted, token] = found;
    if (name?.toLowerCase() === 'anchor') isAnchored = true;
    if (name?.toLowerCase() === 'rel') relation ??= quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '';
  }
  return !isAnchored && relation?.toLowerCase().split(/\s+/).includes('next') === true;
}

/** Invariant: what was taken lies before `#at`. */
class HeaderCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** What comes next, if it is of this form, which is a sticky one. */
  take(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = form.lastIndex;
    return found;
  }
}
