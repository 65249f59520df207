// GET /v1/values/<path>: one current value as the bearer may see it, for people with curl and for pages that need no stream.

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FanOut } from '../fanout/fan-out.js';
import { parsePath, type ParsedPath } from '../topic/path.js';
import { toBuffer } from '../topic/utf8.js';
import type { Authenticator } from './auth/authenticator.js';
import { bearerToken } from './origin.js';
import { count, type Traffic } from './traffic.js';

/** Each segment of the path is percent-encoded as by encodeURIComponent. */
export const VALUES_PREFIX = '/v1/values/';

export interface ValuesContext {
  readonly fanOut: FanOut;
  readonly authenticator: Authenticator;
  readonly traffic: Traffic;
}

/** Absent and forbidden get the same answer, byte for byte. `rawPath`: what follows the prefix, as it came. */
export async function answerValue(
  context: ValuesContext,
  request: IncomingMessage,
  response: ServerResponse,
  rawPath: string,
): Promise<void> {
  response.setHeader('Cache-Control', 'private, no-cache');
  response.appendHeader('Vary', 'Authorization');
  const token = bearerToken(request.headers.authorization);
  if (token === null) return refuse(response, 401, 'bad_token');
  const identity = await context.authenticator.authenticate(token);
  if (!identity.ok) {
    count(context.traffic.authRefusals, identity.reason);
    const isOurs = identity.reason === 'keys_unavailable';
    return isOurs ? refuse(response, 503, 'unavailable') : refuse(response, 401, 'bad_token');
  }
  const parsed = pathOf(rawPath);
  if (!parsed.ok) return refuse(response, 400, 'bad_path');
  const found = context.fanOut.read(identity.principal, parsed.path);
  if (found === undefined) return refuse(response, 404, 'not_found');
  const body = toBuffer(found.value);
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body); // Node leaves it out for HEAD
}

/** A "%2F" stays inside its segment and is refused there: it is never taken for a separator. */
function pathOf(raw: string): ParsedPath {
  try {
    const segments = raw.split('/').map(decodeURIComponent);
    if (segments.some((segment) => segment.includes('/'))) {
      return { ok: false, fault: 'has a character that must be escaped' };
    }
    return parsePath(segments.join('/'));
  } catch {
    return { ok: false, fault: 'has an escape that is not canonical' };
  }
}

/** Codes are those of the wire (src/protocol/error-codes.ts). */
function refuse(
  response: ServerResponse,
  status: 400 | 401 | 404 | 503,
  code: 'bad_path' | 'bad_token' | 'not_found' | 'unavailable',
): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  if (status === 503) response.setHeader('Retry-After', '5');
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ error: { code } }));
}
