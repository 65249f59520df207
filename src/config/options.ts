// The fixed tree of scalar options: one definition each, from which values are read, defaults filled in, docs/config.md
// written and an editor's schema made. Lists and blocks that may be absent are in schemas.ts.

import { LOG_LEVELS } from './config.js';
import { count, duration, host, oneOf, origins, port, size, type Format } from './format.js';

export interface Option<T> {
  /** One sentence: what it is for. */
  readonly doc: string;
  /** Why the default is what it is. */
  readonly reason: string;
  /** As one would write it. */
  readonly default: unknown;
  readonly example?: unknown;
  readonly format: Format<T>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const KIB = 1024;
const MIB = 1024 * KIB;

/** Sections by name, options by name. Environment names follow from these: {@link envNameOf}. */
export const OPTIONS = {
  listen: {
    host: option({
      doc: 'Address of the public port, where sessions connect.',
      default: '0.0.0.0',
      reason: 'A service in a container is reached from outside it; nobody is let in without `auth` anyway.',
      example: '127.0.0.1',
      format: host,
    }),
    port: option({
      doc: 'Number of the public port; 0 takes any free one.',
      default: 8080,
      reason: 'What HTTP services behind a proxy commonly use; needs no privilege.',
      format: port,
    }),
    origins: option({
      doc: 'Web pages that may connect, as scheme, host and port. Clients that send no `Origin` (no browsers) are not concerned.',
      default: [],
      reason:
        'A page that nobody named must not use the rights of a visitor (cross-site WebSocket hijacking).',
      example: ['https://app.example'],
      format: origins,
    }),
  },
  admin: {
    host: option({
      doc: 'Address of the operator’s port: metrics and health.',
      default: '127.0.0.1',
      reason:
        'Metrics tell a stranger much. Say 0.0.0.0 where a probe or a scraper comes from another machine.',
      example: '0.0.0.0',
      format: host,
    }),
    port: option({
      doc: 'Number of the operator’s port; 0 takes any free one.',
      default: 9090,
      reason: 'Apart from the public port, so that a firewall can tell them apart.',
      format: port,
    }),
  },
  limits: {
    maxMessageBytes: option({
      doc: 'Largest message that a client may send.',
      default: '64KiB',
      reason:
        'Room for a thousand filters; more is an attack or a mistake. The connection is closed with 1009.',
      format: size({ min: KIB, max: 16 * MIB }),
    }),
    authTimeout: option({
      doc: 'How long a connection may wait with its `auth` message.',
      default: '10s',
      reason: 'A slow phone needs seconds; a silent socket costs memory.',
      format: duration({ min: 100, max: 5 * MINUTE }),
    }),
    unauthenticatedSessions: option({
      doc: 'Connections that have not authenticated yet, together; the next upgrade is refused with 503.',
      default: 1000,
      reason: 'Strangers must not fill the memory that belongs to sessions.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    sessions: option({
      doc: 'Sessions of this process; the next upgrade is refused with 503.',
      default: 20_000,
      reason: 'About 200 MB when idle, and what one core can serve.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    upgradesPerSecond: option({
      doc: 'New connections per second; the rest get 503 with Retry-After.',
      default: 200,
      reason: 'After a restart everybody comes back at once; those who are connected must not feel it.',
      format: count({ min: 1, max: 100_000 }),
    }),
    inboundPerSecond: option({
      doc: 'Commands per second and session, over time. Acknowledgements do not count.',
      default: 20,
      reason: 'More than a page needs, less than hurts.',
      format: count({ min: 1, max: 100_000 }),
    }),
    inboundBurst: option({
      doc: 'Commands that a session may send at once before the rate holds.',
      default: 60,
      reason: 'A page that opens subscribes to everything on it.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    filtersPerSession: option({
      doc: 'Filters that one session may hold in all of its subscriptions.',
      default: 1000,
      reason: 'A person watches tens; a wildcard stands for the rest.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    visiblePathsPerSubscription: option({
      doc: 'Paths that one subscription may see; passing it ends that subscription with `limit`.',
      default: 10_000,
      reason: 'More than a screen, and a bounded snapshot.',
      format: count({ min: 1, max: 10_000_000 }),
    }),
    conflateFromBytes: option({
      doc: 'Unacknowledged bytes from which a session counts as lagging and gets newest values only.',
      default: '256KiB',
      reason: 'A second or two of a busy feed; beyond it every byte sent is old.',
      format: size({ min: 4 * KIB, max: 64 * MIB }),
    }),
    conflateAfter: option({
      doc: 'How long bytes may stay unacknowledged until a session counts as lagging.',
      default: '2s',
      reason: 'Longer than a slow round trip, shorter than a person’s patience.',
      format: duration({ min: 50, max: 5 * MINUTE }),
    }),
    stallTimeout: option({
      doc: 'A session that is owed bytes and acknowledges none for so long is closed (4008).',
      default: '30s',
      reason: 'It is gone, or asleep; it resumes when it comes back.',
      format: duration({ min: 200, max: 60 * MINUTE }),
    }),
    beat: option({
      doc: 'How often each side shows that it is there.',
      default: '25s',
      reason: 'Proxies commonly cut connections that are silent for 30 s.',
      format: duration({ min: 100, max: 10 * MINUTE }),
    }),
    maxValueBytes: option({
      doc: 'Largest value of a record; larger records are rejected.',
      default: '1MiB',
      reason: 'Kafka’s usual ceiling for a message.',
      format: size({ min: KIB, max: 64 * MIB }),
    }),
    maxDepth: option({
      doc: 'Deepest nesting of a value; deeper records are rejected.',
      default: 64,
      reason: 'No sensible document is deeper, and recursion stays bounded.',
      format: count({ min: 1, max: 512 }),
    }),
    maxKeys: option({
      doc: 'Most keys and items in one value; records with more are rejected.',
      default: 20_000,
      reason: 'What can be compared within a few milliseconds.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
  },
  fanout: {
    flushWindow: option({
      doc: 'How long changes are gathered before they leave as one message per session.',
      default: '0ms',
      reason:
        '0 sends at the end of the turn in which they came; a few milliseconds save much CPU on a busy feed.',
      example: '5ms',
      format: duration({ min: 0, max: SECOND }),
    }),
  },
  log: {
    level: option({
      doc: 'Least severe lines that are written.',
      default: 'info',
      reason: '`info` is the life of sources and the process, never a line per record or session.',
      format: oneOf(LOG_LEVELS),
    }),
  },
  shutdown: {
    grace: option({
      doc: 'How long a stop may take until the process ends all the same.',
      default: '8s',
      reason: 'Docker kills after 10 s, Kubernetes after 30 s.',
      format: duration({ min: 100, max: 10 * MINUTE }),
    }),
  },
};

export const SECTION_DOCS: Readonly<Record<keyof typeof OPTIONS, string>> = {
  listen: 'The public port: the WebSocket at `/v1/stream`.',
  admin: 'The operator’s port: `/metrics`, `/livez`, `/readyz`.',
  limits:
    'Everything that a client or a record can grow has an end. Each limit that is hit counts in `tailrace_limit_hits_total`.',
  fanout: 'How changes leave.',
  log: 'Lines to stderr: JSON unless stderr is a terminal.',
  shutdown: 'SIGTERM and SIGINT stop the process in order; a second one ends it at once.',
};

/**
 * The variable that sets an option: `limits.authTimeout` is `TAILRACE__LIMITS__AUTH_TIMEOUT`. Two underscores between the
 * parts, because Kubernetes gives every pod variables like TAILRACE_ADMIN_PORT when a service is called `tailrace-admin`.
 */
export function envNameOf(section: string, name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`);
  return `TAILRACE__${section}__${words}`.toUpperCase();
}

/** Keeps the type of the value while options stand in one table. */
function option<T>(definition: Option<T>): Option<T> {
  return definition;
}
