// Metrics of the public port: who is connected, who came, went or was refused, and what was written.

import type { Figures, ServerFigures } from './figures.js';
import { counter, gauge, type Metric, type Sample } from './metric.js';

/** What carries the values of a session, and how they are written; the only ones so far. */
const TRANSPORT = 'websocket';
const ENCODING = 'json';

/** Of all connections together. */
export const SERVER_METRICS: readonly Metric[] = [
  gauge(
    'sessions',
    'Connections, each in one state; lagging ones read too slowly, draining ones are to be closed by a stop.',
    ['transport', 'state'],
    sessionsByState,
  ),
  counter('session_opens_total', 'Sessions that were authenticated.', ['transport'], (from) =>
    ofServer(from, (s) => [[s.opens, TRANSPORT]]),
  ),
  counter('session_closes_total', 'Connections closed, by close code.', ['code'], (from) =>
    ofServer(from, (s) => byLabel(s.closes)),
  ),
  counter('upgrade_refusals_total', 'Connections refused before they were a WebSocket.', ['reason'], (from) =>
    ofServer(from, (s) => byLabel(s.upgradeRefusals)),
  ),
  counter(
    'auth_total',
    'Authentications by result: token, anonymous, refreshed, or why one was refused.',
    ['result'],
    (from) =>
      ofServer(from, (s) => [...byLabel(Object.entries(s.authenticated)), ...byLabel(s.authRefusals)]),
  ),
  counter('limit_hits_total', 'Times that a limit stopped a client.', ['limit'], (from) =>
    ofServer(from, (s) => byLabel(s.limitHits)),
  ),
  counter('commands_total', 'Commands of clients.', [], (from) => ofServer(from, (s) => [[s.commands]])),
  counter('command_errors_total', 'Commands answered with an error.', [], (from) =>
    ofServer(from, (s) => [[s.commandErrors]]),
  ),
  counter('socket_writes_total', 'Messages written to sessions.', ['encoding'], (from) =>
    ofServer(from, (s) => [[s.socketWrites, ENCODING]]),
  ),
  counter('socket_bytes_total', 'Bytes of these, with their frame headers.', ['encoding'], (from) =>
    ofServer(from, (s) => [[s.socketBytes, ENCODING]]),
  ),
];

function ofServer(
  from: Figures,
  samplesOf: (figures: ServerFigures) => readonly Sample[],
): readonly Sample[] {
  return from.server === undefined ? [] : samplesOf(from.server);
}

function sessionsByState({ server, fanOut }: Figures): readonly Sample[] {
  if (server === undefined) return [];
  const { sessions, draining } = server;
  const lagging = Math.min(fanOut?.lagging ?? 0, sessions - draining);
  return [
    [server.unauthenticated, TRANSPORT, 'unauthenticated'],
    [sessions - draining - lagging, TRANSPORT, 'open'],
    [lagging, TRANSPORT, 'lagging'],
    [draining, TRANSPORT, 'draining'],
  ];
}

function byLabel(counts: Iterable<readonly [label: number | string, n: number]>): Sample[] {
  return [...counts].map(([label, n]) => [n, String(label)]);
}
