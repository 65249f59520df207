// What is wrong with an answer that is no feed: its status, or where it redirects to.

import { STATUS_CODES, type IncomingMessage } from 'node:http';

import { FeedFault, shownUrl } from './feed-fault.js';
import { retryAfterMs } from './retry-after.js';

/** What was asked for. */
export interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly hasAuth: boolean;
}

const REDIRECTS = [301, 302, 303, 307, 308];
const ASK_FOR_PATIENCE = [429, 503];

/** Whether the status sends us elsewhere. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.includes(status);
}

/** Of an answer that is neither a feed nor a redirect. */
export function statusFault({ statusCode: status = 0, headers }: IncomingMessage, asked: Asked): FeedFault {
  const place = shownUrl(asked.url);
  const { kind, text } = meaning(status, asked);
  const name = STATUS_CODES[status];
  const shown = name === undefined ? String(status) : `${status} ${name}`;
  const waitMs = ASK_FOR_PATIENCE.includes(status) ? retryAfterMs(headers, Date.now()) : undefined;
  return new FeedFault(kind, `${place}: ${text.replace('%', shown)}`, { status, retryAfterMs: waitMs });
}

interface Meaning {
  readonly kind: 'refused' | 'unreachable';
  /** % stands for the status. */
  readonly text: string;
}

function meaning(status: number, { method, hasAuth }: Asked): Meaning {
  const refused = (text: string): Meaning => ({ kind: 'refused', text });
  const unreachable = (text: string): Meaning => ({ kind: 'unreachable', text });
  switch (status) {
    case 400:
      return refused('it does not understand the request (%); check `url`, `query`, `headers` and `body`');
    case 401:
      return refused(
        hasAuth
          ? 'it does not take these credentials (%); check `auth`'
          : 'it asks for credentials (%); set `auth`',
      );
    case 403:
      return refused(
        hasAuth
          ? 'these credentials have no right to it (%); ask whoever runs it for access'
          : 'it lets nobody in without credentials, or not from here (%); set `auth`, or ask whoever runs it',
      );
    case 404:
    case 410:
      return refused('there is nothing at this path (%); check `url` and `for`');
    case 405:
      return refused(`it does not take ${method} (%); set \`method\` to what it takes`);
    case 407:
      return unreachable('a proxy on the way asks for credentials (%)');
    case 429:
      return unreachable('it is asked too often (%); raise `every`');
    default:
      return unreachable(lesserMeaning(status));
  }
}

function lesserMeaning(status: number): string {
  if (status >= 500) return 'the server fails (%)';
  if (status >= 200 && status < 300) return 'it answers with %, which is no complete feed; only 200 is';
  return 'it answers with %';
}

/**
 * Where a redirect leads, if it may be followed: within the origin of `asked.url`, and only where the options allow it. Throws
 * FeedFault, which names the origin of the target.
 */
export function redirectTarget(
  answer: IncomingMessage,
  asked: Asked,
  redirects: 'none' | 'same-origin',
): URL {
  const { statusCode: status = 0 } = answer;
  const fault = (text: string): FeedFault =>
    new FeedFault('unreachable', `${shownUrl(asked.url)}: it redirects (${status}) ${text}`, { status });
  const { location = '' } = answer.headers;
  if (location === '' || !URL.canParse(location, asked.url.href)) throw fault('without saying where to');
  const target = new URL(location, asked.url);
  const origin = `${target.protocol}//${target.host}`;
  if (origin !== `${asked.url.protocol}//${asked.url.host}`)
    throw fault(`to another origin, ${origin}, which is never followed; set \`url\` to it if it is right`);
  if (redirects === 'none')
    throw fault(
      `to ${shownUrl(target)}; set \`url\` to it, or \`redirects: same-origin\` to follow within ${origin}`,
    );
  return target;
}
