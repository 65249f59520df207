// Whether a body is what its Content-Type says, before it is looked into: an error page of a proxy comes with status 200 too.

import { BadFeed } from './bad-feed.js';

export type FeedFormat = 'json' | 'ndjson' | 'csv' | 'xml';

/** What a body of each format may be called (RFC 8259, RFC 4180, RFC 7303; lines of JSON have no registered type). */
const TYPES: Readonly<Record<FeedFormat, { readonly isType: RegExp; readonly named: string }>> = {
  json: { isType: /^(application\/json|[^/]+\/[^/]+\+json)$/, named: 'application/json or …+json' },
  ndjson: {
    isType: /^application\/(x-ndjson|ndjson|jsonl|x-jsonlines|jsonlines)$/,
    named: 'application/x-ndjson or application/jsonl',
  },
  csv: { isType: /^text\/csv$/, named: 'text/csv' },
  xml: {
    isType: /^((application|text)\/xml|[^/]+\/[^/]+\+xml)$/,
    named: 'application/xml, text/xml or …+xml',
  },
};

/** Those of which every text is UTF-8 as well. */
const CHARSETS: readonly string[] = ['utf-8', 'utf8', 'us-ascii'];

/** Throws BadFeed. `contentType`: the header as it came. */
export function checkMediaType(format: FeedFormat, contentType: string | undefined): void {
  const { isType, named } = TYPES[format];
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  if (type === '') {
    throw new BadFeed(`the answer has no Content-Type, and should say ${named}; or set contentType: any`);
  }
  if (!isType.test(type)) {
    const shown = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : 'no media type at all';
    throw new BadFeed(
      `the Content-Type of the answer is ${shown}, not ${named}: look at what the URL answers; if it is ${format} all the same, set contentType: any`,
    );
  }
  const charset = parameters.map((part) => /^charset\s*=\s*"?([^"]*)"?$/.exec(part)?.[1]).find(Boolean);
  if (charset !== undefined && !CHARSETS.includes(charset)) {
    throw new BadFeed(
      'the Content-Type of the answer has another charset than utf-8: ask for UTF-8, in a header Accept-Charset or otherwise',
    );
  }
}
