// The body of an answer as the items in it, whatever its format. A body is read whole or refused whole.

import { isUtf8 } from 'node:buffer';
import { OptionsRejected } from '../../contract.js';
import { BadFeed, placeOf } from './bad-feed.js';
import { jsonOfCsv } from './csv-feed.js';
import { ItemTable } from './item-table.js';
import { FEED_LIMITS, JsonFeed } from './json-feed.js';
import { readPointer, type PointerPath } from './json-pointer.js';
import { readKeyTemplate, type KeyPart } from './key-template.js';
import { checkMediaType, type FeedFormat } from './media-type.js';
import { NdjsonFeed } from './ndjson-feed.js';
import type { PageItems } from './page-items.js';
import { jsonOfXml, MAX_JSON_DEPTH } from './xml-feed.js';

export interface FeedParserSettings {
  readonly format: FeedFormat;
  readonly contentType: 'check' | 'any';
  /** JSON pointer to the items in a body; of XML, in its JSON form. Of lines: ''. */
  readonly items: string;
  /** JSON pointer in an item, or template. */
  readonly key: string;
  /** What `{for}` stands for; undefined: the one endpoint, `feed`. */
  readonly forValue: string | undefined;
  readonly csv: { readonly delimiter: string };
  readonly maxItems: number;
  /** JSON pointers in an item, for {@link PageItems.field}. */
  readonly itemFields: readonly string[];
  /** JSON pointers in a body, for {@link PageItems.fact}; not of lines. */
  readonly bodyFields: readonly string[];
}

interface Feed {
  read(body: Buffer, former: ItemTable | undefined): ItemTable;
}

/** Invariant: what it reads depends on the arguments alone; what it keeps between two bodies is for speed. */
export class FeedParser {
  readonly #settings: FeedParserSettings;
  readonly #feed: Feed;
  readonly #tables = new WeakSet<ItemTable>();

  /** Throws OptionsRejected for what is no pointer or no template, or does not fit the format. */
  constructor(settings: FeedParserSettings) {
    this.#settings = settings;
    this.#feed = feedOf(settings);
  }

  /**
   * `contentType`: the header as it came. `former`: what this parser read from the same URL the last time: items that have not
   * changed are read faster. Throws BadFeed.
   */
  read(body: Buffer, contentType: string | undefined, former?: PageItems): PageItems {
    const { format } = this.#settings;
    if (this.#settings.contentType === 'check') checkMediaType(format, contentType);
    const text = textOf(body, format);
    const isOwn = former instanceof ItemTable && this.#tables.has(former);
    const table = this.#feed.read(text, isOwn ? former : undefined);
    this.#tables.add(table);
    return table;
  }
}

function feedOf({
  format,
  items,
  key,
  forValue,
  csv,
  maxItems,
  itemFields,
  bodyFields,
}: FeedParserSettings): Feed {
  if ((format === 'csv' || format === 'ndjson') && (items !== '' || bodyFields.length > 0)) {
    throw new OptionsRejected(
      `items, and pointers into the body, are not for format ${format}: each line is an item`,
    );
  }
  const parts = keyOf(key, forValue ?? 'feed');
  const fields = itemFields.map((pointer) => pathOf(pointer, 'a pointer into the item'));
  const common = { items: pathOf(items, 'items'), key: parts, itemFields: fields, maxItems };
  const facts = bodyFields.map((pointer) => pathOf(pointer, 'a pointer into the body'));
  switch (format) {
    case 'json':
      return new JsonFeed({ ...common, bodyFields: facts, lists: 'strict' });
    case 'ndjson':
      return new NdjsonFeed({ key: parts, fields, maxItems, limits: FEED_LIMITS });
    case 'csv': {
      const feed = new JsonFeed({ ...common, bodyFields: [], lists: 'strict' });
      const needed = parts.flatMap((part) => (part.is === 'field' ? [part.path.join('/')] : []));
      return { read: (body, former) => feed.read(jsonOfCsv(body, { ...csv, needed, maxItems }), former) };
    }
    case 'xml': {
      const feed = new JsonFeed({
        ...common,
        bodyFields: facts,
        lists: 'repeated',
        maxDepth: MAX_JSON_DEPTH,
      });
      return { read: (body, former) => feed.read(jsonOfXml(body), former) };
    }
  }
}

function pathOf(pointer: string, option: string): PointerPath {
  const read = readPointer(pointer);
  if (!read.ok) throw new OptionsRejected(`${option}: "${pointer}" ${read.fault}`);
  return read.path;
}

function keyOf(template: string, forName: string): readonly KeyPart[] {
  const read = readKeyTemplate(template, forName);
  if (!read.ok) throw new OptionsRejected(`key: "${template}" ${read.fault}`);
  return read.parts;
}

/** The body without what some put before it. */
function textOf(body: Buffer, format: FeedFormat): Buffer {
  if (body.length === 0) throw new BadFeed(EMPTY);
  if (isWide(body)) throw new BadFeed('the body is UTF-16 or UTF-32, not UTF-8: ask for UTF-8');
  const hasMark = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  if (hasMark && (format === 'json' || format === 'ndjson')) {
    throw new BadFeed(
      'the body begins with a byte order mark, which JSON must not (RFC 8259, 8.1): have it left out',
    );
  }
  if (!isUtf8(body)) {
    throw new BadFeed(`the body is not UTF-8 at ${placeOf(body, firstDifference(body))}: ask for UTF-8`);
  }
  return hasMark ? body.subarray(BYTE_ORDER_MARK.length) : body;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

const EMPTY = 'the body is empty, which no feed is; a feed of JSON lines that has no items sends a line end';

/** No feed begins with a character that has a zero byte in UTF-8. */
function isWide(body: Buffer): boolean {
  const [first, second] = body;
  return (
    first === 0 || second === 0 || (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  );
}

/** The first byte that is no UTF-8. */
function firstDifference(body: Buffer): number {
  const readable = Buffer.from(body.toString());
  let at = 0;
  while (at < body.length && body[at] === readable[at]) at++;
  return at;
}
