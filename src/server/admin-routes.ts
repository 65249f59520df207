// Every route of the operator's port, once: who may ask, and what is answered. Tests walk this table.

import type { IncomingHttpHeaders } from 'node:http';
import type { Receiver } from '../../connectors/contract.js';
import { refusal, type Answer, type ReadinessCheck, type ReloadReport } from './admin-api.js';
import { confirm, type Confirmable } from './admin-confirm.js';
import { push, pushBytes, pushToken } from './admin-push.js';
import { MAX_REPLAY_BYTES, replay, type Replay } from './admin-replay.js';
import type { Status } from './admin-status.js';
import type { PathParameters } from './route-path.js';

/** What the answers are made of. */
export interface AdminSuppliers {
  /** The text of a scrape and its content type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** All must hold. An upstream that fails later changes none: what is served is marked stale instead. */
  readonly readiness: () => readonly ReadinessCheck[];
  readonly status: () => Status;
  /** Absent: the configuration is not from a file. */
  readonly reload?: () => Promise<ReloadReport>;
  /** Of the source of that name, if it is one that others send to. */
  readonly receiver?: (source: string) => Receiver | undefined;
  /** Of the source of that name, while it is read. */
  readonly replay?: (source: string) => Replay | undefined;
  /** The source of that name, while it is read. */
  readonly confirmable?: (source: string) => Confirmable | undefined;
}

/** A request that was let in, and may have a body yet to come. */
export interface AdminRequestHead {
  readonly parameters: PathParameters;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** A request that has arrived. */
export interface AdminRequest extends AdminRequestHead {
  /** Whole, and within the route's limit. Empty: there was none. */
  readonly body: Buffer;
  /** Aborts when the sender goes away before it is answered. */
  readonly signal: AbortSignal;
}

export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** A segment `:name` is a parameter: it stands for any one segment. */
  readonly path: string;
  /** `open`: for whoever reaches the port. `token`: for whoever has the admin token. `sender`: see {@link senderToken}. */
  readonly access: 'open' | 'token' | 'sender';
  /** What a sender must have instead of the admin token; undefined: that. Asked before anything is known of who asks. */
  readonly senderToken?: (from: AdminSuppliers, parameters: PathParameters) => string | undefined;
  /** Bytes that a body may have, or why it is not read at all. Left out: {@link EMPTY_DOCUMENT_BYTES}. */
  readonly maxBodyBytes?: (from: AdminSuppliers, head: AdminRequestHead) => number | Answer;
  readonly answer: (from: AdminSuppliers, request: AdminRequest) => Answer | Promise<Answer>;
}

/** For commands whose body says nothing. */
export const EMPTY_DOCUMENT_BYTES = 1_024;

export const ADMIN_ROUTES: readonly AdminRoute[] = [
  // The event loop answers: that is all it says.
  { method: 'GET', path: '/livez', access: 'open', answer: () => ({ status: 200, body: 'ok\n' }) },
  { method: 'GET', path: '/readyz', access: 'open', answer: readiness },
  { method: 'GET', path: '/metrics', access: 'open', answer: metrics },
  {
    method: 'GET',
    path: '/v1/status',
    access: 'token',
    answer: ({ status }) => ({ status: 200, body: status() }),
  },
  { method: 'POST', path: '/v1/reload', access: 'token', answer: reload },
  {
    method: 'POST',
    path: '/v1/push/:source',
    access: 'sender',
    senderToken: pushToken,
    maxBodyBytes: pushBytes,
    answer: push,
  },
  {
    method: 'POST',
    path: '/v1/sources/:source/replay',
    access: 'token',
    maxBodyBytes: () => MAX_REPLAY_BYTES,
    answer: replay,
  },
  { method: 'POST', path: '/v1/sources/:source/confirm', access: 'token', answer: confirm },
];

function readiness(from: AdminSuppliers, { query }: AdminRequest): Answer {
  const checks = from.readiness();
  const isReady = checks.every((check) => check.isReady);
  const lines = checks.map(
    ({ name, isReady: ok, detail }) => `${ok ? 'ok' : 'waiting'} ${name}${detail ? ` (${detail})` : ''}\n`,
  );
  const verdict = isReady ? 'ready\n' : 'not ready\n';
  return { status: isReady ? 200 : 503, body: query.has('verbose') ? lines.join('') + verdict : verdict };
}

async function metrics(from: AdminSuppliers): Promise<Answer> {
  const { contentType, body } = await from.metrics();
  return { status: 200, body, headers: { 'Content-Type': contentType } };
}

async function reload(from: AdminSuppliers): Promise<Answer> {
  if (from.reload === undefined) {
    return refusal(501, {
      code: 'not_available',
      message: 'not available: the configuration of this process is not from a file',
    });
  }
  const report = await from.reload();
  return { status: report.outcome === 'rejected' ? 422 : 200, body: report };
}
