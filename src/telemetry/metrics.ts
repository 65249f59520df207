// Every metric of the process, with its meaning, and the only door to prom-client. Stages keep plain counts; a scrape reads
// them through suppliers, so a delivery costs no metric call. Labels come from closed sets: never paths, keys or users.

import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** What one source has done; src/ingest keeps it. */
export interface SourceFigures {
  readonly source: string;
  readonly state: string;
  readonly counts: {
    readonly records: number;
    readonly bytes: number;
    readonly mapped: number;
    readonly unchanged: number;
    readonly filtered: number;
    readonly rejected: Readonly<Record<string, number | undefined>>;
    readonly updates: number;
    readonly contended: number;
    readonly swept: number;
  };
}

/** What the edge holds and has done; src/fanout keeps it. */
export interface FanOutFigures {
  readonly lagging: number;
  readonly audiences: number;
  readonly streams: number;
  readonly paths: number;
  readonly stalePaths: number;
  readonly textBytes: number;
  readonly publish: Readonly<Record<'merge' | 'patch' | 'full' | 'keyframe' | 'delete' | 'none', number>>;
  readonly delivery: { readonly offered: number; readonly conflated: number };
  readonly outbox: { readonly lines: number; readonly writes: number; readonly bytes: number };
}

/** What came and went at the public port; src/server keeps it. */
export interface ServerFigures {
  readonly sessions: number;
  readonly unauthenticated: number;
  readonly opens: number;
  readonly closes: ReadonlyMap<number | string, number>;
  readonly upgradeRefusals: ReadonlyMap<string, number>;
  readonly authenticated: Readonly<Record<string, number>>;
  readonly authRefusals: ReadonlyMap<string, number>;
  readonly limitHits: ReadonlyMap<string, number>;
  readonly commands: number;
  readonly commandErrors: number;
  readonly socketWrites: number;
  readonly socketBytes: number;
}

/** Where the figures are read at each scrape. A part that this process does not run has none. */
export interface Suppliers {
  readonly version: string;
  /** Whether sessions are let in without a token (`auth: none`). */
  readonly isInsecure: boolean;
  readonly sources?: () => readonly SourceFigures[];
  readonly fanOut?: () => FanOutFigures;
  readonly server?: () => ServerFigures;
}

/** One reading of all suppliers, so that a scrape asks each once and all metrics of it agree. */
interface Figures {
  readonly version: string;
  readonly isInsecure: boolean;
  readonly sources: readonly SourceFigures[];
  readonly fanOut: FanOutFigures | undefined;
  readonly server: ServerFigures | undefined;
}

/** A value with the values of its labels, in the order of the metric's `labels`. */
type Sample = readonly [value: number, ...labels: readonly string[]];

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  /** What it means, for the operator. */
  readonly help: string;
  readonly read: (from: Figures) => Iterable<Sample>;
}

/** The states of a source, each a series of `tailrace_source_state`. */
const SOURCE_STATES = ['starting', 'live', 'stale', 'degraded', 'stopped'] as const;

/** The whole list. The prefix `tailrace_` is added. */
export const METRICS: readonly Metric[] = [
  gauge('build_info', 'What runs; always 1.', ['version'], (from) => [[1, from.version]]),
  gauge('insecure_mode', '1 if sessions are let in without a token.', [], (from) => [
    [from.isInsecure ? 1 : 0],
  ]),

  gauge('source_state', '1 for the state that the source is in.', ['source', 'state'], (from) =>
    ofSources(from, ({ source, state }) =>
      SOURCE_STATES.map((each) => [each === state ? 1 : 0, source, each]),
    ),
  ),
  counter('source_records_total', 'Records pulled from the source.', ['source'], (from) =>
    ofSources(from, ({ source, counts }) => [[counts.records, source]]),
  ),
  counter('source_bytes_total', 'Bytes of keys and values pulled from the source.', ['source'], (from) =>
    ofSources(from, ({ source, counts }) => [[counts.bytes, source]]),
  ),
  counter(
    'ingest_records_total',
    'Records by what became of them; their sum is what was pulled.',
    ['source', 'result'],
    (from) =>
      ofSources(from, ({ source, counts }) => [
        [counts.mapped, source, 'mapped'],
        [counts.unchanged, source, 'unchanged'],
        [counts.filtered, source, 'filtered'],
        [sum(Object.values(counts.rejected)), source, 'rejected'],
      ]),
  ),
  counter('dead_letters_total', 'Rejected records by reason.', ['source', 'reason'], (from) =>
    ofSources(from, ({ source, counts }) =>
      Object.entries(counts.rejected).map(([reason, n]) => [n ?? 0, source, reason] as const),
    ),
  ),
  counter('ingest_updates_total', 'Updates appended to the log, deletes included.', ['source'], (from) =>
    ofSources(from, ({ source, counts }) => [[counts.updates, source]]),
  ),
  counter('ingest_contended_total', 'Records that spoke of a path of another key.', ['source'], (from) =>
    ofSources(from, ({ source, counts }) => [[counts.contended, source]]),
  ),
  counter(
    'ingest_swept_total',
    'Paths deleted because the source, read anew, no longer had them.',
    ['source'],
    (from) => ofSources(from, ({ source, counts }) => [[counts.swept, source]]),
  ),

  gauge('cache_paths', 'Paths that have a value.', [], (from) => ofFanOut(from, (f) => [[f.paths]])),
  gauge('cache_bytes', 'Bytes of their values.', [], (from) => ofFanOut(from, (f) => [[f.textBytes]])),
  gauge('cache_stale_paths', 'Paths whose newest record was rejected.', [], (from) =>
    ofFanOut(from, (f) => [[f.stalePaths]]),
  ),
  gauge('streams', 'Paths that are watched, once per distinct view: what a change costs.', [], (from) =>
    ofFanOut(from, (f) => [[f.streams]]),
  ),
  gauge('audiences', 'Groups of subscriptions with equal rights, filter and intent.', [], (from) =>
    ofFanOut(from, (f) => [[f.audiences]]),
  ),
  counter('deltas_total', 'Changes of watched paths by the form in which they were sent.', ['form'], (from) =>
    ofFanOut(from, ({ publish: p }) => [
      [p.merge, 'merge'],
      [p.patch, 'patch'],
      [p.full, 'full'],
      [p.keyframe, 'keyframe'],
      [p.delete, 'delete'],
      [p.none, 'none'],
    ]),
  ),
  counter('deliveries_total', 'Changes offered to sessions, once per session.', [], (from) =>
    ofFanOut(from, (f) => [[f.delivery.offered]]),
  ),
  counter('conflated_total', 'Of these, merged into a later value because the session lagged.', [], (from) =>
    ofFanOut(from, (f) => [[f.delivery.conflated]]),
  ),
  counter('outbox_lines_total', 'Lines written to sessions; per write they show batching.', [], (from) =>
    ofFanOut(from, (f) => [[f.outbox.lines]]),
  ),

  gauge('sessions', 'Connections by state.', ['state'], (from) => [
    ...ofServer(from, (s) => [
      [s.unauthenticated, 'unauthenticated'] as const,
      [s.sessions, 'open'] as const,
    ]),
    ...ofFanOut(from, (f) => [[f.lagging, 'lagging'] as const]),
  ]),
  counter('session_opens_total', 'Sessions that were authenticated.', [], (from) =>
    ofServer(from, (s) => [[s.opens]]),
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
      ofServer(from, (s) => [
        ...byLabel(new Map(Object.entries(s.authenticated))),
        ...byLabel(s.authRefusals),
      ]),
  ),
  counter('limit_hits_total', 'Times that a limit stopped a client.', ['limit'], (from) =>
    ofServer(from, (s) => byLabel(s.limitHits)),
  ),
  counter('commands_total', 'Commands of clients.', [], (from) => ofServer(from, (s) => [[s.commands]])),
  counter('command_errors_total', 'Commands answered with an error.', [], (from) =>
    ofServer(from, (s) => [[s.commandErrors]]),
  ),
  counter('socket_writes_total', 'WebSocket messages written.', [], (from) =>
    ofServer(from, (s) => [[s.socketWrites]]),
  ),
  counter('socket_bytes_total', 'Bytes of these, with their frame headers.', [], (from) =>
    ofServer(from, (s) => [[s.socketBytes]]),
  ),
];

/** One scrape. */
export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

/** Registers the list, and Node's own figures (`process_*`, `nodejs_*`), with a registry of its own. */
export function createMetrics(suppliers: Suppliers): { scrape(): Promise<Scrape> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = METRICS.map((metric) => ({ metric, made: register(metric, registry) }));
  return {
    scrape: async () => {
      const figures = read(suppliers);
      for (const { metric, made } of metrics) refill(metric, made, figures);
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function read(suppliers: Suppliers): Figures {
  const { version, isInsecure } = suppliers;
  return {
    version,
    isInsecure,
    sources: suppliers.sources?.() ?? [],
    fanOut: suppliers.fanOut?.(),
    server: suppliers.server?.(),
  };
}

function register(metric: Metric, registry: Registry): Counter | Gauge {
  const { name, help, labels } = metric;
  const settings = { name: `tailrace_${name}`, help, labelNames: [...labels], registers: [registry] };
  return metric.type === 'gauge' ? new Gauge(settings) : new Counter(settings);
}

/** The stages keep the totals, so a counter too is set anew; a series that has gone from them goes from here. */
function refill(metric: Metric, made: Counter | Gauge, figures: Figures): void {
  made.reset();
  for (const [value, ...labels] of metric.read(figures)) {
    made.inc(Object.fromEntries(labels.map((label, i) => [metric.labels[i] ?? '', label])), value);
  }
}

function gauge(name: string, help: string, labels: readonly string[], read: Metric['read']): Metric {
  return { name, type: 'gauge', help, labels, read };
}

function counter(name: string, help: string, labels: readonly string[], read: Metric['read']): Metric {
  return { name, type: 'counter', help, labels, read };
}

function ofSources(
  from: Figures,
  samplesOf: (figures: SourceFigures) => readonly Sample[],
): readonly Sample[] {
  return from.sources.flatMap(samplesOf);
}

function ofFanOut(
  from: Figures,
  samplesOf: (figures: FanOutFigures) => readonly Sample[],
): readonly Sample[] {
  return from.fanOut === undefined ? [] : samplesOf(from.fanOut);
}

function ofServer(
  from: Figures,
  samplesOf: (figures: ServerFigures) => readonly Sample[],
): readonly Sample[] {
  return from.server === undefined ? [] : samplesOf(from.server);
}

function byLabel(counts: ReadonlyMap<number | string, number>): Sample[] {
  return [...counts].map(([label, n]) => [n, String(label)]);
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
