// The whole core in one process without a real clock, network or upstream: Ingest -> MemoryLog -> Cache -> FanOut, with
// checking clients at one end, the oracle at the other, and a seed that decides what the real world leaves open.

import { compilePolicy, type Policy } from '../../src/entitle/policy.js';
import { FanOut } from '../../src/fanout/fan-out.js';
import { Ingest } from '../../src/ingest/ingest.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import type { LogReader } from '../../src/log/log.js';
import { compileMapping, type CompiledMapping } from '../../src/map/compile.js';
import type { MapRule } from '../../src/map/rule.js';
import type { LogBatch } from '../../src/topic/update.js';
import { Violation } from '../checker/violation.js';
import { History } from '../oracle/history.js';
import { canonical, type Value } from '../oracle/naive-json.js';
import { names } from '../oracle/naive-paths.js';
import { seen, type Person, type Rule } from '../oracle/naive-rules.js';
import { Oracle } from '../oracle/oracle.js';
import { isOfLedger, Ledger } from './ledger.js';
import type { Proxy } from './network.js';
import { SimClock } from './sim-clock.js';
import { SimulatedClient } from './simulated-client.js';
import { MAPPINGS, PARTITIONS, POLICIES } from './universe.js';
import { Upstream } from './upstream.js';

/** Small enough that a few hundred bytes make a client lag, and a minute of silence ends it. */
const LIMITS = {
  conflateFromBytes: 1_000,
  conflateAfterMs: 2_000,
  stallTimeoutMs: 30_000,
  visiblePathsPerSubscription: 1_000,
  beatMs: 5_000,
};

const ROOMY = { ...LIMITS, conflateFromBytes: 1_000_000 };

/** Longer than acknowledgements and draining take. */
const QUIET_MS = 12_000;
/** Longer than any two waits of ingest between attempts to read. */
const RECOVERY_MS = 120_000;

export interface SimulationOptions {
  readonly seed: number;
  /** Clients may be far behind before they lag. */
  readonly isRoomy?: boolean;
  /** Makes what stands between the edge and a client. */
  readonly proxy?: () => Proxy;
  /** What reads the log instead of the edge itself. */
  readonly reader?: (edge: FanOut) => LogReader;
  /** What stands for the edge. */
  readonly edge?: (edge: FanOut) => FanOut;
}

/** Invariant: after `quiet` every client holds what the oracle says, or it throws. */
export class Simulation {
  readonly clock: SimClock;
  readonly history = new History(isOfLedger);
  readonly oracle = new Oracle(MAPPINGS);
  readonly upstream: Upstream;
  readonly ingest: Ingest;
  /** The atomic source. */
  readonly ledger: Ledger;
  readonly fanOut: FanOut;
  readonly clients: SimulatedClient[] = [];
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  readonly #proxy: (() => Proxy) | undefined;
  #rules: readonly Rule[] = POLICIES[0] ?? [];
  #policyVersion = 1;
  #isReadingAnew = false;
  #failure: { readonly error: unknown } | undefined;

  constructor({
    seed,
    isRoomy = false,
    proxy,
    reader = (edge) => edge,
    edge = (real) => real,
  }: SimulationOptions) {
    const clock = (this.clock = new SimClock(seed));
    this.#proxy = proxy;
    this.fanOut = edge(
      new FanOut({ clock, policy: this.#policy(), limits: isRoomy ? ROOMY : LIMITS, flushWindowMs: 0 }),
    );
    const log = new MemoryLog(clock, this.#recording(reader(this.fanOut)));
    this.upstream = new Upstream({ clock, partitions: PARTITIONS, witness: this.#witness() });
    this.ingest = new Ingest({
      name: 'events',
      source: this.upstream,
      clock,
      writer: log.claim('events'),
      deadLetters: { write: () => undefined },
      log: {
        info: () => undefined,
        warn: () => undefined,
        error: (event, facts) => this.#logged(event, facts),
      },
      mapping: mappingOf(compileMapping(MAPPINGS.map(mapRuleOf))),
      keyFormat: 'string',
      valueFormat: 'json',
    });
    this.ledger = new Ledger(log, clock);
    this.#running = this.ingest.run(this.#abort.signal);
  }

  open(options: {
    readonly person: Person;
    readonly expiresAt: number | undefined;
    readonly acks: boolean;
  }): SimulatedClient {
    const client = new SimulatedClient({
      ...options,
      clock: this.clock,
      fanOut: this.fanOut,
      world: this.history,
      rules: () => this.#rules,
      proxy: this.#proxy?.(),
      failed: (error) => (this.#failure ??= { error }),
    });
    this.clients.push(client);
    return client;
  }

  setPolicy(rules: readonly Rule[]): void {
    this.#rules = rules;
    this.#policyVersion += 1;
    this.fanOut.setPolicy(this.#policy());
  }

  /** Throws the first thing that went wrong anywhere. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** All that is on its way arrives; the world's troubles stay. Then everybody must hold what is true, and show what is old. */
  async quiet(options: { readonly isSourceLive: boolean }): Promise<void> {
    for (const { client } of this.clients) client.resume();
    const deadline = this.clock.monotonic() + RECOVERY_MS;
    const isBusy = () =>
      (options.isSourceLive && this.ingest.status.state !== 'live') ||
      this.clients.some((client) => client.isBusy);
    while (isBusy() && this.clock.monotonic() < deadline) await this.clock.pass(1_000);
    await this.clock.pass(QUIET_MS);
    this.check();
    // What is read anew is held back until the source is live: until then the log is the truth, all of it old.
    const isHeldBack = this.#isReadingAnew && !options.isSourceLive;
    if (!isHeldBack) this.expectLogEqualsOracle();
    const truth = isHeldBack ? this.history.current : this.#truth;
    for (const client of this.clients)
      if (client.isOpen && client.hasRights) this.#expectTruth(client, truth, options);
  }

  expectLogEqualsOracle(): void {
    const [logged, truth] = [this.history.current, this.#truth];
    for (const path of new Set([...logged.keys(), ...truth.keys()])) {
      const [is, ought] = [canonical(logged.get(path)), canonical(truth.get(path))];
      if (is !== ought)
        throw new Violation('G3', `the log says that ${path} is ${is}, and the source that it is ${ought}`);
    }
  }

  get #truth(): ReadonlyMap<string, Value> {
    return new Map([...this.oracle.values, ...this.ledger.values]);
  }

  async end(): Promise<void> {
    for (const client of this.clients) client.cut();
    this.#abort.abort();
    await this.clock.pass(QUIET_MS);
    await this.#running;
    this.fanOut.stop();
    const { sessions, audiences, streams } = this.fanOut.counts();
    if (sessions + audiences + streams > 0) {
      throw new Violation(
        'G5',
        `left behind: ${sessions} sessions, ${audiences} audiences, ${streams} streams`,
      );
    }
  }

  #expectTruth(
    client: SimulatedClient,
    truth: ReadonlyMap<string, Value>,
    { isSourceLive }: { readonly isSourceLive: boolean },
  ): void {
    for (const [id, { filters, fields }] of client.wanted) {
      const values = new Map<string, Value>();
      for (const [path, value] of truth) {
        const visible = filters.some((filter) => names(filter, path))
          ? seen(this.#rules, client.person, path, value, fields)
          : undefined;
        if (visible !== undefined) values.set(path, visible);
      }
      client.client.expectValues(id, values);
      const isStale = (path: string) => !isOfLedger(path) && (!isSourceLive || this.oracle.stale.has(path));
      const stale = [...values.keys()].filter(isStale);
      client.client.expectStale(id, new Set(stale));
    }
  }

  #recording(reader: LogReader): LogReader {
    return {
      apply: (batch) => {
        this.#record(batch);
        reader.apply(batch);
      },
      markSource: (x, freshness) => reader.markSource(x, freshness),
      markPath: (x, key, path, isStale) => reader.markPath(x, key, path, isStale),
      partitionAdded: (partition) => reader.partitionAdded(partition),
      partitionRemoved: (x) => reader.partitionRemoved(x),
    };
  }

  #record({ first, updates, bounds }: LogBatch): void {
    for (const [i, { path, value }] of updates.entries()) {
      const text = value === null ? undefined : Buffer.from(value, 'latin1').toString('utf8');
      this.history.record({
        path,
        version: first + i,
        value: text === undefined ? undefined : (JSON.parse(text) as Value),
      });
    }
    if (bounds === 'whole') this.history.noteBoundary();
  }

  #witness() {
    return {
      yielded: (fact: Parameters<Oracle['apply']>[0]) => this.oracle.apply(fact),
      began: () => {
        this.#isReadingAnew = true;
        this.oracle.beginAnew();
      },
      live: () => {
        if (this.#isReadingAnew) this.oracle.sweep();
        this.#isReadingAnew = false;
      },
      acked: () => this.#guarded(() => this.expectLogEqualsOracle()),
    };
  }

  /** Ingest logs what it takes for a bug, its own or the connector's, as an error; the rest is expected trouble. */
  #logged(event: string, facts: Readonly<Record<string, unknown>> | undefined): void {
    if (event !== 'source-history-lost')
      this.#failure ??= { error: new Error(`${event}: ${JSON.stringify(facts)}`) };
  }

  #guarded(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #policy(): Policy {
    const compiled = compilePolicy(this.#rules as Parameters<typeof compilePolicy>[0], this.#policyVersion);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
    return compiled.policy;
  }
}

function mapRuleOf({ path, pick }: (typeof MAPPINGS)[number]): MapRule {
  return pick === undefined ? { path } : { path, value: { pick } };
}

function mappingOf(compiled: CompiledMapping) {
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes));
  return compiled.mapping;
}
