// A body as a feed parser reads it, in plain values.

import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import { FeedParser, type FeedParserSettings } from '../../../connectors/rest/format/feed-parser.js';
import type { PageItems } from '../../../connectors/rest/format/page-items.js';

export const TYPES = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  xml: 'application/xml',
} as const;

export function parserOf(settings: Partial<FeedParserSettings> = {}): FeedParser {
  return new FeedParser({
    format: 'json',
    contentType: 'check',
    items: '',
    key: '/id',
    forValue: undefined,
    csv: { delimiter: ',' },
    maxItems: 50_000,
    itemFields: [],
    bodyFields: [],
    ...settings,
  });
}

/** Key and JSON text of every item. */
export function itemsIn(page: PageItems): [string | undefined, string][] {
  return Array.from({ length: page.count }, (_, i) => [
    page.key(i),
    page.bytes.toString('utf8', page.start(i), page.end(i)),
  ]);
}

/** The same of a body. */
export function readItems(
  body: string | Buffer,
  settings: Partial<FeedParserSettings> = {},
): [string | undefined, string][] {
  const type = TYPES[settings.format ?? 'json'];
  return itemsIn(parserOf(settings).read(Buffer.from(body as string), type));
}

/** Why a body is refused. Throws where it is not. */
export function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof BadFeed) return error.message;
    throw error;
  }
  throw new Error('it was read');
}
