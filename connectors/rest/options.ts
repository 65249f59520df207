// The options of a feed: their schema, which is also their documentation. What they mean for each part is settings.ts.

import { AUTH, oneOf, TLS, type AuthOptions, type TlsOptions } from './client/access-options.js';

/** As written in the configuration, defaults filled in. */
export interface RestOptions {
  readonly url: string;
  readonly for?: readonly string[];
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: string | Readonly<Record<string, unknown>> | readonly unknown[];
  readonly every?: string;
  readonly jitter?: number;
  readonly timeout?: string;
  readonly between?: string | readonly string[];
  readonly format?: 'json' | 'ndjson' | 'csv' | 'xml';
  readonly contentType?: 'check' | 'any';
  readonly csv?: { readonly delimiter?: string };
  readonly items?: string;
  readonly key: string;
  readonly deleted?: string;
  readonly paging?: PagingOptions;
  readonly maxPages?: number;
  readonly maxItems?: number;
  readonly maxBytes?: string | number;
  readonly since?: SinceOptions;
  readonly fullEvery?: string;
  readonly follow?: boolean;
  readonly idleTimeout?: string;
  readonly staleAfter?: string;
  readonly vanish?: 'guard' | 'allow';
  readonly redirects?: 'none' | 'same-origin';
  readonly concurrency?: number;
  readonly auth?: AuthOptions;
  readonly tls?: TlsOptions;
}

export type PagingOptions =
  | { readonly by: 'link' }
  | { readonly by: 'cursor'; readonly cursor: string; readonly query?: string }
  | {
      readonly by: 'page';
      readonly query: string;
      readonly first?: number;
      readonly size?: number;
      readonly sizeQuery?: string;
    }
  | { readonly by: 'offset'; readonly query: string; readonly size: number; readonly sizeQuery?: string };

/** One of `body`, `item` and `clock`. */
export interface SinceOptions {
  readonly query: string;
  readonly body?: string;
  readonly item?: string;
  readonly clock?: 'iso' | 'seconds' | 'milliseconds';
  readonly overlap?: string;
}

const text = { type: 'string', minLength: 1 };
const duration = {
  type: 'string',
  pattern: '^[1-9][0-9]{0,5}(ms|s|m|h)$',
  mustBe: 'a duration with its unit, such as 500ms, 30s or 1h',
};
const pointer = {
  type: 'string',
  pattern: '^(/([^~/]|~[01])*)*$',
  mustBe: 'a JSON pointer, such as /data/stations',
};
const count = { type: 'integer', minimum: 1 };

const PAGING = {
  description:
    'How the next page is found. Left out: there is one page. All pages are one poll: what is on none of them is gone.',
  oneOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['by'],
      properties: { by: { description: 'The header `Link` with `rel="next"` (RFC 8288).', const: 'link' } },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['by', 'cursor'],
      properties: {
        by: { description: 'A member of the body says where to go on.', const: 'cursor' },
        cursor: {
          ...pointer,
          description: 'JSON pointer to the cursor; the last page has none, or null, false or "".',
        },
        query: {
          ...text,
          description:
            'Query parameter that takes the cursor. Left out: the cursor is the URL of the next page.',
        },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['by', 'query'],
      properties: {
        by: { description: 'Pages have numbers.', const: 'page' },
        query: { ...text, description: 'Query parameter that takes the number.' },
        first: { description: 'Number of the first page.', type: 'integer', minimum: 0, default: 1 },
        size: {
          ...count,
          description: 'Items of a page: one with fewer is the last. Left out: an empty page is.',
        },
        sizeQuery: { ...text, description: 'Query parameter that takes `size`.' },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['by', 'query', 'size'],
      properties: {
        by: { description: 'Pages begin at an offset.', const: 'offset' },
        query: { ...text, description: 'Query parameter that takes the offset.' },
        size: { ...count, description: 'Items of a page: one with fewer is the last.' },
        sizeQuery: { ...text, description: 'Query parameter that takes `size`.' },
      },
    },
  ],
  examples: [{ by: 'link' }, { by: 'cursor', cursor: '/meta/next', query: 'cursor' }],
};

const SINCE_FROM = {
  body: { ...pointer, description: 'It is what the body of the last poll says here.' },
  item: {
    ...pointer,
    description: 'It is the largest that an item has here: as numbers where all are, else as text.',
  },
  clock: {
    description: 'It is when the last poll began, by our clock.',
    enum: ['iso', 'seconds', 'milliseconds'],
  },
};

const SINCE = {
  description:
    'For feeds that answer with what has changed since a time or a number. Every `fullEvery` one is polled without it, and what that does not have is gone.',
  type: 'object',
  additionalProperties: false,
  required: ['query'],
  oneOf: oneOf(SINCE_FROM),
  properties: {
    query: { ...text, description: 'Query parameter that takes it.' },
    ...SINCE_FROM,
    overlap: {
      ...duration,
      description: 'With `clock`: asked for so much earlier, so that nothing falls between two polls.',
      default: '5s',
    },
  },
  examples: [{ query: 'updated_since', body: '/as_of' }],
};

/** JSON Schema 2020-12. */
export const REST_OPTIONS = {
  description:
    'Something behind an HTTP endpoint, polled once for all subscribers: its items, what changes in them, and which of them vanish.',
  type: 'object',
  additionalProperties: false,
  required: ['url', 'key'],
  properties: {
    url: {
      description:
        'What is polled. `{for}` stands for each value of `for`. Addresses that are not public must be allowed in `outbound.allow`.',
      type: 'string',
      pattern: '^https?://[^\\s]+$',
      mustBe: 'a URL that begins with https:// or http://',
      examples: ['https://api.example/v1/stations', 'https://api.example/lines/{for}/vehicles'],
    },
    for: {
      description:
        'One endpoint for each of these, with it in place of `{for}`. Each has keys of its own. Left out: there is one endpoint.',
      type: 'array',
      minItems: 1,
      maxItems: 1_000,
      uniqueItems: true,
      items: text,
      examples: [['U1', 'U2']],
    },
    method: { description: 'Method of the requests.', enum: ['GET', 'POST'], default: 'GET' },
    headers: {
      description: 'Further headers of the requests. Keys and tokens belong into `auth`.',
      type: 'object',
      additionalProperties: { type: 'string' },
      examples: [{ 'Accept-Language': 'en' }],
    },
    query: {
      description: 'Query parameters, besides those of `url`.',
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      examples: [{ country: 'NO', active: true }],
    },
    body: {
      description: 'Body of a POST: text as it is, anything else as JSON. Left out: it has none.',
      type: ['string', 'object', 'array'],
    },
    every: {
      ...duration,
      description: 'From the beginning of one poll to that of the next.',
      default: '30s',
    },
    jitter: {
      description:
        'Share of `every` by which each wait is longer or shorter, so that many pollers do not come at one moment.',
      type: 'number',
      minimum: 0,
      maximum: 0.5,
      default: 0.1,
    },
    timeout: { ...duration, description: 'For one request, answer and body.', default: '10s' },
    between: {
      description:
        'When to poll: times of day, with days and a time zone where they matter; one or several. At a start it is polled once whatever the time. Left out: always.',
      anyOf: [text, { type: 'array', minItems: 1, items: text }],
      examples: [
        '08:00-18:00 Europe/London',
        ['Mon-Fri 07:30-20:00 Europe/Oslo', 'Sat 09:00-13:00 Europe/Oslo'],
      ],
    },
    format: { description: 'What bodies are.', enum: ['json', 'ndjson', 'csv', 'xml'], default: 'json' },
    contentType: {
      description:
        '`check`: a body whose `Content-Type` says that it is something else is refused; `any`: for servers that say anything.',
      enum: ['check', 'any'],
      default: 'check',
    },
    csv: {
      description: 'Of `format: csv`. The first line names the columns.',
      type: 'object',
      additionalProperties: false,
      properties: {
        delimiter: {
          description: 'Between two columns.',
          type: 'string',
          minLength: 1,
          maxLength: 1,
          default: ',',
        },
      },
    },
    items: {
      ...pointer,
      description:
        'JSON pointer to the items: a list, or an object whose members they are (with `{member}` in `key`), or one object. "": the body itself. CSV and NDJSON: leave it out.',
      default: '',
      examples: ['/data/stations', '/rates'],
    },
    key: {
      ...text,
      description:
        'What tells one item from another: a JSON pointer into the item, or text with `{/pointer}`, `{member}` (its name in an object) and `{for}`.',
      examples: ['/id', '{/region}-{/id}', '{member}'],
    },
    deleted: {
      ...pointer,
      description:
        'JSON pointer into the item: one that has true, a text or a number there stands for the end of its key. Left out: none does.',
      examples: ['/is_deleted'],
    },
    paging: PAGING,
    maxPages: {
      ...count,
      description: 'A poll of more pages is rejected.',
      maximum: 100_000,
      default: 1_000,
    },
    maxItems: {
      ...count,
      description: 'A poll of more items is rejected.',
      maximum: 1_000_000,
      default: 50_000,
    },
    maxBytes: {
      description: 'Largest body, decompressed; a larger one is cut, and the poll rejected.',
      anyOf: [
        { type: 'string', pattern: '^[1-9][0-9]{0,5}(KiB|MiB)$' },
        { type: 'integer', minimum: 1_024 },
      ],
      mustBe: 'a size, such as 5MiB or a number of bytes',
      default: '5MiB',
    },
    since: SINCE,
    fullEvery: {
      ...duration,
      description:
        'How often everything is asked for without `since`, and without `ETag` and `Last-Modified`, which servers get wrong.',
      default: '10m',
    },
    follow: {
      description:
        'The answer stays open: server-sent events, or a JSON document per line as they happen. Nothing is polled; what was before is not known.',
      type: 'boolean',
      default: false,
    },
    idleTimeout: {
      ...duration,
      description: 'With `follow`: a stream on which nothing came for so long is opened anew.',
      default: '60s',
    },
    staleAfter: {
      ...duration,
      description: 'How long polls must fail before paths turn stale.',
      default: '10s',
    },
    vanish: {
      description:
        '`guard`: a poll that would delete more than half of the items, and more than 20, is held back until three in a row say so, or `tailrace confirm`; `allow`: it is believed.',
      enum: ['guard', 'allow'],
      default: 'guard',
    },
    redirects: {
      description: '`same-origin`: followed where scheme, host and port stay the same.',
      enum: ['none', 'same-origin'],
      default: 'none',
    },
    concurrency: {
      ...count,
      description: 'Most requests at a time, over all endpoints of `for`. Each of them has one at a time.',
      maximum: 32,
      default: 1,
    },
    auth: AUTH,
    tls: TLS,
  },
} as const;
