// What every request of an endpoint has in common: the options `url`, `query`, `headers` and `body` with a value of `for` in place of
// `{for}`, encoded as each place demands. Adds query parameters to URLs, too.

import { OptionsRejected } from '../../contract.js';
import { headerFault } from './header-field.js';

/** As the options have it. */
export interface RequestTemplate {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | number | boolean>>;
  /** Of a POST: text as it is, anything else as JSON. */
  readonly body: unknown;
}

/** A request but for its conditions and its signal. Names of headers are in lower case. */
export interface RequestForm {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const PLACE = '{for}';
/** Scheme, authority, path, query; a fragment is not sent. */
const URL_PARTS = /^(https?:\/\/)([^/?#]*)([^?#]*)(?:\?([^#]*))?/i;
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

/** `forValue` undefined: the source has no `for`, and `{for}` stays as it is. Throws OptionsRejected. */
export function requestForm(template: RequestTemplate, forValue: string | undefined): RequestForm {
  const fill = (text: string): string =>
    forValue === undefined ? text : text.replaceAll(PLACE, () => forValue);
  const query = Object.entries(template.query).map(
    ([name, value]) => [fill(name), fill(String(value))] as const,
  );
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(template.headers)) {
    headers[name.toLowerCase()] = checkedHeader(name, fill(value));
  }
  const body = template.method === 'POST' ? bodyOf(template.body, fill) : undefined;
  if (body !== undefined) headers['content-type'] ??= body.type;
  return {
    url: withQuery(urlOf(template.url, forValue), query),
    method: template.method,
    headers,
    body: body?.text,
  };
}

/** Replaces parameters of these names, leaves the others as they are written: some servers know only one way to write them. */
export function withQuery(url: URL, parameters: readonly (readonly [string, string])[]): URL {
  if (parameters.length === 0) return url;
  const names = new Set(parameters.map(([name]) => name));
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((written) => written !== '' && !names.has(nameOf(written)));
  const changed = new URL(url);
  changed.search = [...kept, ...parameters.map(([name, value]) => `${encoded(name)}=${encoded(value)}`)].join(
    '&',
  );
  return changed;
}

function nameOf(written: string): string {
  return [...new URLSearchParams(written).keys()][0] ?? '';
}

/** Half a surrogate pair, which JSON can write, has no encoding. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function urlOf(text: string, forValue: string | undefined): URL {
  if (forValue === undefined) return parsedUrl(text);
  const [, scheme, authority = '', path = '', query = ''] = URL_PARTS.exec(text) ?? [];
  if (scheme === undefined) throw new OptionsRejected('url: it must begin with https:// or http://');
  if (authority.includes(PLACE) && !HOST_LABEL.test(forValue)) {
    throw new OptionsRejected(
      `for: ${JSON.stringify(forValue)} cannot be part of a host; only letters, digits and "-" can`,
    );
  }
  const place = (part: string): string => part.replaceAll(PLACE, () => encoded(forValue));
  const url = parsedUrl(
    `${scheme}${authority.replaceAll(PLACE, () => forValue)}${place(path)}?${place(query)}`,
  );
  if (depthOf(url) !== depthOf(parsedUrl(`${scheme}host${path.replaceAll(PLACE, 'x')}`))) {
    throw new OptionsRejected(`for: ${JSON.stringify(forValue)} would change the path of \`url\``);
  }
  return url;
}

/** `.` and `..` are steps in a path, encoded too. */
function depthOf(url: URL): number {
  return url.pathname.split('/').length;
}

function parsedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    throw new OptionsRejected('url: it is none; write it like https://api.example/v1/stations');
  if (url.username !== '' || url.password !== '') {
    throw new OptionsRejected('url: user and password do not belong there; write them into `auth`');
  }
  url.hash = '';
  return url;
}

function checkedHeader(name: string, value: string): string {
  const fault = headerFault(name, value);
  if (fault !== undefined) throw new OptionsRejected(`headers: ${JSON.stringify(name)}: ${fault}`);
  return value;
}

function bodyOf(
  body: unknown,
  fill: (text: string) => string,
): { readonly text: string; readonly type: string } | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string') return { text: fill(body), type: 'text/plain; charset=utf-8' };
  return { text: JSON.stringify(filled(body, fill)), type: 'application/json' };
}

/** `fill` on every text in it, so that quotes in a value stay within their string. */
function filled(json: unknown, fill: (text: string) => string): unknown {
  if (typeof json === 'string') return fill(json);
  if (Array.isArray(json)) return json.map((element) => filled(element, fill));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [fill(name), filled(value, fill)]));
}
