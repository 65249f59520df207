// Every route of the operator's port, once: who may ask, and what is answered. Tests walk this table.

import { refusal, type Answer, type ReadinessCheck, type ReloadReport } from './admin-api.js';
import type { Status } from './admin-status.js';

/** What the answers are made of. */
export interface AdminSuppliers {
  /** The text of a scrape and its content type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** All must hold. An upstream that fails later changes none: what is served is marked stale instead. */
  readonly readiness: () => readonly ReadinessCheck[];
  readonly status: () => Status;
  /** Absent: the configuration is not from a file. */
  readonly reload?: () => Promise<ReloadReport>;
}

export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** `open`: for whoever reaches the port. */
  readonly access: 'open' | 'token';
  readonly answer: (from: AdminSuppliers, query: URLSearchParams) => Answer | Promise<Answer>;
}

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
];

function readiness(from: AdminSuppliers, query: URLSearchParams): Answer {
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
