// What the options mean for each part: durations in ms, sizes in bytes, one set of settings per endpoint. What cannot be used
// together is refused here.

import { parseDuration, parseSize } from '../../src/units.js';
import { OptionsRejected } from '../contract.js';
import type { EndpointSettings } from './poll/endpoint.js';
import type { FeedClientSettings } from './client/feed-client.js';
import { feedFields } from './poll/feed-fields.js';
import type { FeedParserSettings } from './format/feed-parser.js';
import { REST_OPTIONS, type RestOptions, type SinceOptions } from './options.js';
import type { PaceSettings } from './timing/pace.js';
import { pollWindow } from './timing/poll-window.js';
import type { SinceSettings } from './poll/since.js';

/** Of one endpoint. */
export interface OneEndpoint {
  readonly endpoint: EndpointSettings;
  readonly parser: FeedParserSettings;
}

export interface RestSettings {
  readonly client: FeedClientSettings;
  /** In the order of `for`; at least one. */
  readonly endpoints: readonly OneEndpoint[];
  readonly pace: PaceSettings;
  readonly concurrency: number;
  readonly staleAfterMs: number;
  readonly isFollowed: boolean;
  /** With `follow`. */
  readonly idleTimeoutMs: number;
}

type Defaults = typeof REST_OPTIONS.properties;
type Defaulted = {
  [Name in keyof Defaults]: Defaults[Name] extends { readonly default: unknown } ? Name : never;
}[keyof Defaults];

const ACCEPT = {
  json: 'application/json',
  ndjson: 'application/x-ndjson, application/jsonl;q=0.9',
  csv: 'text/csv',
  xml: 'application/xml, text/xml;q=0.9',
};

/** Throws OptionsRejected. */
export function restSettings(written: RestOptions): RestSettings {
  const options = withDefaults(written);
  refuseContradictions(written);
  const values = written.for ?? [undefined];
  return {
    client: {
      ...{ timeoutMs: milliseconds(options.timeout), maxBytes: bytes(options.maxBytes) },
      ...{ redirects: options.redirects, auth: written.auth, tls: written.tls },
    },
    endpoints: values.map((forValue) => oneEndpoint(options, forValue)),
    pace: {
      ...{ everyMs: milliseconds(options.every), jitter: options.jitter },
      windows: [written.between ?? []].flat().map(pollWindow),
    },
    ...{ concurrency: options.concurrency, staleAfterMs: milliseconds(options.staleAfter) },
    ...{ isFollowed: options.follow, idleTimeoutMs: milliseconds(options.idleTimeout) },
  };
}

/** Whether both ask for the same items in the same way, so that only who asks may differ. */
export function asksForSameItems(one: RestOptions, other: RestOptions): boolean {
  const withoutAccess = ({ auth, tls, vanish, ...rest }: RestOptions) => {
    void [auth, tls, vanish];
    return JSON.stringify(rest, (_, value: unknown) => sorted(value));
  };
  return withoutAccess(one) === withoutAccess(other);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

type FullOptions = RestOptions & Required<Pick<RestOptions, Defaulted & keyof RestOptions>>;

function withDefaults(written: RestOptions): FullOptions {
  const defaults = Object.entries(REST_OPTIONS.properties).flatMap(([name, property]) =>
    'default' in property ? [[name, property.default]] : [],
  );
  return { ...Object.fromEntries(defaults), ...written } as FullOptions; // of the schema, whose types are those of RestOptions
}

function oneEndpoint(options: FullOptions, forValue: string | undefined): OneEndpoint {
  const { url, method, headers = {}, query = {}, body, paging, deleted } = options;
  const since = options.since && sinceSettings(options.since);
  const fields = feedFields({ deleted, paging, since });
  const limits = {
    ...{ maxPages: options.maxPages, maxItems: options.maxItems, maxBytes: bytes(options.maxBytes) },
  };
  const accept = options.follow ? {} : { accept: ACCEPT[options.format] };
  return {
    endpoint: {
      ...{ forValue, paging, since, limits, fields },
      request: { url, method, query, body, headers: { ...accept, ...lowerCased(headers) } },
      fullEveryMs: milliseconds(options.fullEvery),
    },
    parser: {
      ...{ format: options.format, contentType: options.contentType, items: options.items },
      ...{ key: options.key, forValue, maxItems: options.maxItems },
      csv: { delimiter: options.csv?.delimiter ?? ',' },
      ...{ itemFields: fields.itemFields, bodyFields: fields.bodyFields },
    },
  };
}

function sinceSettings({ query, body, item, clock, overlap = '5s' }: SinceOptions): SinceSettings {
  if (body !== undefined) return { query, from: 'body', pointer: body };
  if (item !== undefined) return { query, from: 'item', pointer: item };
  return { query, from: 'clock', form: clock ?? 'iso', overlapMs: milliseconds(overlap) };
}

function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Throws OptionsRejected. */
function refuseContradictions(options: RestOptions): void {
  const { url, query, headers, body, method } = options;
  const hasPlace = JSON.stringify([url, query, headers, body]).includes('{for}');
  if (hasPlace && options.for === undefined)
    throw new OptionsRejected('url: `{for}` stands for the values of `for`, and there is no `for`');
  if (!hasPlace && (options.for?.length ?? 0) > 1)
    throw new OptionsRejected('for: nothing of the request has `{for}`, so all endpoints would be the same');
  if (body !== undefined && method !== 'POST')
    throw new OptionsRejected('body: a GET has none; set `method: POST`');
  if (options.follow !== true) return;
  for (const name of ['paging', 'since', 'between', 'csv'] as const) {
    if (options[name] !== undefined) throw new OptionsRejected(`${name}: a stream that is followed has none`);
  }
  if (options.format !== undefined && options.format !== 'json')
    throw new OptionsRejected('format: messages of a stream that is followed are JSON; leave it out');
}

function milliseconds(written: string): number {
  return parseDuration(written) ?? Number.NaN; // the schema takes nothing else
}

function bytes(written: string | number): number {
  return parseSize(written) ?? Number.NaN;
}
