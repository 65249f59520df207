// `POST /v1/push/:source`: hands what arrives to the source that takes it. What a body means, and its answer, are the source's.

import type { IncomingHttpHeaders } from 'node:http';
import type { Receiver } from '../../connectors/contract.js';
import { refusal, type Answer } from './admin-api.js';
import type { AdminRequest, AdminRequestHead, AdminSuppliers } from './admin-routes.js';
import type { PathParameters } from './route-path.js';

/** What became of a request: 2xx, 4xx, and everything else. Who had no right token is counted as refused by the API. */
export const PUSH_OUTCOMES = ['accepted', 'refused', 'unavailable'] as const;
export type PushOutcome = (typeof PUSH_OUTCOMES)[number];

export function pushOutcome({ status }: Answer): PushOutcome {
  if (status >= 200 && status < 300) return 'accepted';
  return status >= 400 && status < 500 ? 'refused' : 'unavailable';
}

/** Who sends to this source must have it; undefined: the admin token, also where there is no such source. */
export function pushToken(from: AdminSuppliers, parameters: PathParameters): string | undefined {
  return receiverOf(from, parameters)?.token;
}

/** How large the body may be, or why it is of no use whatever it says. */
export function pushBytes(from: AdminSuppliers, { parameters, headers }: AdminRequestHead): number | Answer {
  const receiver = receiverOf(from, parameters);
  if (receiver === undefined) return NO_RECEIVER;
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    return refusal(415, { code: 'unsupported', message: 'send the body without Content-Encoding' });
  }
  const { charset } = contentTypeOf(headers);
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    return refusal(415, { code: 'unsupported', message: 'send the body as UTF-8' });
  }
  return receiver.maxBodyBytes;
}

export function push(from: AdminSuppliers, request: AdminRequest): Answer | Promise<Answer> {
  const { parameters, headers, body, signal } = request;
  const idempotencyKey = headers['idempotency-key'];
  const received = {
    body,
    contentType: contentTypeOf(headers).type,
    idempotencyKey: Array.isArray(idempotencyKey) ? idempotencyKey.join(', ') : idempotencyKey,
    signal,
  };
  return receiverOf(from, parameters)?.receive(received) ?? NO_RECEIVER; // it may have gone while the body arrived
}

const NO_RECEIVER = refusal(404, { code: 'not_found', message: 'no source of this name takes requests' });

function receiverOf(from: AdminSuppliers, { source = '' }: PathParameters): Receiver | undefined {
  return from.receiver?.(source);
}

function contentTypeOf(headers: IncomingHttpHeaders): { readonly type: string; readonly charset?: string } {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((each) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(each)?.[1])
    .find(Boolean);
  return { type: type.trim(), ...(charset !== undefined && { charset }) };
}
