// Which fields of items and bodies the parser is to note besides keys, and under which number each is found again: `FeedParser`
// takes the pointers, those who read the fields take the numbers.

import type { Paging } from './paging.js';
import type { SinceSettings } from './since.js';

/** Each number is the `n` of `PageItems.field(i, n)` or `PageItems.fact(n)`; undefined: it is not asked for. */
export interface FeedFields {
  /** JSON pointers into an item, for the parser. */
  readonly itemFields: readonly string[];
  /** JSON pointers into the whole body, for the parser. */
  readonly bodyFields: readonly string[];
  /** Of an item: whether it stands for its end. */
  readonly deleted: number | undefined;
  /** Of an item: what the next poll asks from. */
  readonly sinceItem: number | undefined;
  /** Of the body: what the next poll asks from. */
  readonly sinceBody: number | undefined;
  /** Of the body: where the next page begins. */
  readonly cursor: number | undefined;
}

export interface FieldsWanted {
  readonly deleted: string | undefined;
  readonly paging: Paging | undefined;
  readonly since: SinceSettings | undefined;
}

export function feedFields({ deleted, paging, since }: FieldsWanted): FeedFields {
  const items = new Pointers();
  const body = new Pointers();
  return {
    deleted: items.number(deleted),
    sinceItem: items.number(since?.from === 'item' ? since.pointer : undefined),
    sinceBody: body.number(since?.from === 'body' ? since.pointer : undefined),
    cursor: body.number(paging?.by === 'cursor' ? paging.cursor : undefined),
    itemFields: items.all,
    bodyFields: body.all,
  };
}

/** Invariant: the number of a pointer is its place in `all`. */
class Pointers {
  readonly all: string[] = [];

  number(pointer: string | undefined): number | undefined {
    return pointer === undefined ? undefined : this.all.push(pointer) - 1;
  }
}
