// The fixed tree of scalar options: one definition each, from which values are read, defaults filled in, docs/config.md
// written and an editor's schema made. Lists and blocks that may be absent are in schemas.ts.

import { LOG_LEVELS } from './config.js';
import {
  addressRanges,
  bearerSecret,
  count,
  duration,
  host,
  oneOf,
  onOff,
  origins,
  port,
  size,
  type Format,
} from './format.js';

export interface Option<T> {
  /** One sentence: what it is for. */
  readonly doc: string;
  /** Why the default is what it is. */
  readonly reason: string;
  /** As one would write it. */
  readonly default: unknown;
  readonly example?: unknown;
  readonly format: Format<T>;
  /** A reload leaves it as it was: a new value counts from the next start on. */
  readonly needsRestart?: true;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const KIB = 1024;
const MIB = 1024 * KIB;

/** Sections by name, options by name. Environment names follow from these: {@link envNameOf}. */
export const OPTIONS = {
  listen: {
    host: option({
      needsRestart: true,
      doc: 'Address of the public port, where sessions connect.',
      default: '0.0.0.0',
      reason: 'A service in a container is reached from outside it; nobody is let in without `auth` anyway.',
      example: '127.0.0.1',
      format: host,
    }),
    port: option({
      needsRestart: true,
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
      needsRestart: true,
      doc: 'Address of the operator’s port: metrics and health.',
      default: '127.0.0.1',
      reason:
        'Metrics tell a stranger much. Say 0.0.0.0 where a probe or a scraper comes from another machine.',
      example: '0.0.0.0',
      format: host,
    }),
    port: option({
      needsRestart: true,
      doc: 'Number of the operator’s port; 0 takes any free one.',
      default: 9090,
      reason: 'Apart from the public port, so that a firewall can tell them apart.',
      format: port,
    }),
    token: option({
      doc: 'Bearer token that the admin API asks for, at least 16 bytes. Never in the file itself.',
      default: undefined,
      reason: 'Without one the admin API refuses everybody; metrics and health need none.',
      example: { env: 'ADMIN_TOKEN' },
      format: bearerSecret({ minBytes: 16 }),
    }),
  },
  outbound: {
    allow: option({
      doc: 'Addresses that are not public and may be asked all the same: ranges, single addresses, and the words `private` (RFC 1918, IPv6 ULA) and `loopback`.',
      default: [],
      reason:
        'Who writes a URL into this file, or answers for the name in it, must not get at what only this machine reaches: the metadata service of a cloud above all.',
      example: ['10.20.0.0/16', 'loopback'],
      format: addressRanges,
    }),
  },
  limits: {
    maxMessageBytes: option({
      needsRestart: true,
      doc: 'Largest message that a client may send.',
      default: '64KiB',
      reason:
        'Room for a thousand filters; more is an attack or a mistake. The connection is closed with 1009.',
      format: size({ min: KIB, max: 16 * MIB }),
    }),
    authTimeout: option({
      needsRestart: true,
      doc: 'How long a connection may wait with its `auth` message.',
      default: '10s',
      reason: 'A slow phone needs seconds; a silent socket costs memory.',
      format: duration({ min: 100, max: 5 * MINUTE }),
    }),
    unauthenticatedSessions: option({
      needsRestart: true,
      doc: 'Connections that have not authenticated yet, together; the next upgrade is refused with 503.',
      default: 1000,
      reason: 'Strangers must not fill the memory that belongs to sessions.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    sessions: option({
      needsRestart: true,
      doc: 'Sessions of this process; the next upgrade is refused with 503.',
      default: 20_000,
      reason: 'About 200 MB when idle, and what one core can serve.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    upgradesPerSecond: option({
      needsRestart: true,
      doc: 'New connections per second; the rest get 503 with Retry-After.',
      default: 200,
      reason: 'After a restart everybody comes back at once; those who are connected must not feel it.',
      format: count({ min: 1, max: 100_000 }),
    }),
    inboundPerSecond: option({
      needsRestart: true,
      doc: 'Commands per second and session, over time. Acknowledgements do not count.',
      default: 20,
      reason: 'More than a page needs, less than hurts.',
      format: count({ min: 1, max: 100_000 }),
    }),
    inboundBurst: option({
      needsRestart: true,
      doc: 'Commands that a session may send at once before the rate holds.',
      default: 60,
      reason: 'A page that opens subscribes to everything on it.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    filtersPerSession: option({
      needsRestart: true,
      doc: 'Filters that one session may hold in all of its subscriptions.',
      default: 1000,
      reason: 'A person watches tens; a wildcard stands for the rest.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    filters: option({
      needsRestart: true,
      doc: 'Filters that all sessions may hold together, and never more than fit into the heap at 4 KiB each.',
      default: 1_000_000,
      reason: 'Sessions that each stay within their own limit must not fill the memory together.',
      format: count({ min: 1, max: 100_000_000 }),
    }),
    visiblePathsPerSubscription: option({
      needsRestart: true,
      doc: 'Paths that one subscription may see; passing it ends that subscription with `limit`.',
      default: 10_000,
      reason: 'More than a screen, and a bounded snapshot.',
      format: count({ min: 1, max: 10_000_000 }),
    }),
    conflateFromBytes: option({
      needsRestart: true,
      doc: 'Unacknowledged bytes from which a session counts as lagging and gets newest values only.',
      default: '256KiB',
      reason: 'A second or two of a busy feed; beyond it every byte sent is old.',
      format: size({ min: 4 * KIB, max: 64 * MIB }),
    }),
    conflateAfter: option({
      needsRestart: true,
      doc: 'How long bytes may stay unacknowledged until a session counts as lagging.',
      default: '2s',
      reason: 'Longer than a slow round trip, shorter than a person’s patience.',
      format: duration({ min: 50, max: 5 * MINUTE }),
    }),
    stallTimeout: option({
      needsRestart: true,
      doc: 'A session that is owed bytes and acknowledges none for so long is closed (4008).',
      default: '30s',
      reason: 'It is gone, or asleep; it resumes when it comes back.',
      format: duration({ min: 200, max: 60 * MINUTE }),
    }),
    beat: option({
      needsRestart: true,
      doc: 'How often each side shows that it is there.',
      default: '25s',
      reason: 'Proxies commonly cut connections that are silent for 30 s.',
      format: duration({ min: 100, max: 10 * MINUTE }),
    }),
    maxValueBytes: option({
      needsRestart: true,
      doc: 'Largest value of a record; larger records are rejected.',
      default: '1MiB',
      reason: 'Kafka’s usual ceiling for a message.',
      format: size({ min: KIB, max: 64 * MIB }),
    }),
    maxDepth: option({
      needsRestart: true,
      doc: 'Deepest nesting of a value; deeper records are rejected.',
      default: 64,
      reason: 'No sensible document is deeper, and recursion stays bounded.',
      format: count({ min: 1, max: 512 }),
    }),
    maxKeys: option({
      needsRestart: true,
      doc: 'Most keys and items in one value; records with more are rejected.',
      default: 20_000,
      reason: 'What can be compared within a few milliseconds.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
    elementsPerRecord: option({
      needsRestart: true,
      doc: 'Most elements of an array of which a rule with `each` makes paths; longer arrays reject their record.',
      default: 10_000,
      reason: 'One record must not hold up the others. Members of elements count towards `maxKeys` as well.',
      format: count({ min: 1, max: 1_000_000 }),
    }),
  },
  fanout: {
    flushWindow: option({
      needsRestart: true,
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
      reason: '`info` is the life of the process, its sources and its sessions, never a line per record.',
      format: oneOf(LOG_LEVELS),
    }),
  },
  reload: {
    watch: option({
      doc: 'Whether a change of this file, or of a secret file that it names, is taken up by itself.',
      default: true,
      reason: 'A change that waits for somebody to remember a signal is found out at the next restart.',
      format: onOff,
    }),
  },
  shutdown: {
    grace: option({
      doc: 'How long a stop may take until the process ends all the same; longer than `wait` and `spread` together.',
      default: '9s',
      reason: 'Docker kills after 10 s, Kubernetes after 30 s unless told otherwise.',
      format: duration({ min: 100, max: 10 * MINUTE }),
    }),
    wait: option({
      doc: 'How long everything goes on after SIGTERM, new sessions included, while `/readyz` says 503. SIGINT skips it.',
      default: '1s',
      reason:
        'Room for a balancer that probes each second. Say 5s where it is told by the control plane, as in Kubernetes.',
      example: '5s',
      format: duration({ min: 0, max: 5 * MINUTE }),
    }),
    spread: option({
      doc: 'Sessions are then closed one after the other over this time, so that they do not come back as a herd. SIGINT skips it.',
      default: '6s',
      reason:
        'What the grace leaves. Few sessions are gone sooner (20 a second at least); 30s where the grace allows for thousands.',
      example: '30s',
      format: duration({ min: 0, max: 5 * MINUTE }),
    }),
  },
};

export const SECTION_DOCS: Readonly<Record<keyof typeof OPTIONS, string>> = {
  listen: 'The public port: the WebSocket at `/v1/stream`.',
  admin: 'The operator’s port: `/metrics`, `/livez`, `/readyz`, and the admin API under `/v1/`.',
  outbound:
    'Where requests over HTTP may go that this process makes: for signing keys (`jwksUrl`), schemas (`schemaRegistry`), tokens (`tokenUrl`) and REST sources. To public addresses always, to others only if they are allowed here; a name all of whose addresses are not allowed is refused. Kafka and Postgres are not asked over HTTP and not concerned. See [operate.md](operate.md#the-way-out).',
  limits:
    'Everything that a client or a record can grow has an end. Each limit that is hit counts in `tailrace_limit_hits_total`.',
  fanout: 'How changes leave.',
  log: 'Lines to stderr: JSON unless stderr is a terminal.',
  reload:
    'A changed configuration is taken up while the process runs, all of it or nothing: by itself, at SIGHUP, and by `POST /v1/reload` on the admin port. Who was let in by another `auth` shows a token again (4005); a source that changed is read anew while its values stay, stale.',
  shutdown:
    'SIGTERM drains the process: unready at once, then `wait`, then `spread`, and the end within `grace`. SIGINT closes all sessions at once. A second signal ends the process where it is.',
};

/**
 * The variable that sets an option: `limits.authTimeout` is `TAILRACE__LIMITS__AUTH_TIMEOUT`. Two underscores between the
 * parts, because Kubernetes gives every pod variables like TAILRACE_ADMIN_PORT when a service is called `tailrace-admin`.
 */
export function envNameOf(section: string, name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`);
  return `TAILRACE__${section}__${words}`.toUpperCase();
}

/** Whether a change of the option, written `listen.port`, counts from the next start on only. */
export function needsRestart(path: string): boolean {
  const [section = '', name = ''] = path.split('.');
  const options: Readonly<Record<string, Readonly<Record<string, Option<unknown>>>>> = OPTIONS;
  return options[section]?.[name]?.needsRestart === true;
}

/** Keeps the type of the value while options stand in one table. */
function option<T>(definition: Option<T>): Option<T> {
  return definition;
}
