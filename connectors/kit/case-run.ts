// What one case works with: an upstream, a ledger of what was written to it, and sources that read it. All is let go of at
// the end, however the case ends.

import type { Source } from '../contract.js';
import { Chance } from './chance.js';
import { demand, errorText, isNamed, pause, until, within } from './expectation.js';
import type { Ability, ConnectorHarness, TestUpstream, Write } from './harness.js';
import { Ledger } from './ledger.js';
import { OPEN_OUTBOUND } from './open-outbound.js';
import { Reading, type ReadingOptions } from './reading.js';

export interface KitSettings {
  /** Seeds of the cases that leave something to chance: so many, counted from `firstSeed`. Default 5 and 1. */
  readonly seeds?: number;
  readonly firstSeed?: number;
  /** How often a reader is killed with each seed. Default 8. */
  readonly kills?: number;
  /** How long a reader stops that stops, ms. Default 500. */
  readonly stallMs?: number;
  /** How long `close` may take, and `read` after its signal aborts, ms. Default 5,000, as the contract says. */
  readonly letGoMs?: number;
}

export const DEFAULT_BUFFERS_BYTES = 8 * 1024 * 1024;
const DEFAULT_SETTLE_MS = 300;
const DEFAULT_PATIENCE_MS = 10_000;

/** Invariant: every source and reading that it gave is let go of by {@link close}. */
export class CaseRun {
  readonly harness: ConnectorHarness;
  readonly settings: Required<KitSettings>;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly upstream: TestUpstream;
  readonly #sources: Source[] = [];
  readonly #readings: Reading[] = [];

  private constructor(harness: ConnectorHarness, settings: Required<KitSettings>, upstream: TestUpstream) {
    this.harness = harness;
    this.settings = settings;
    this.upstream = upstream;
    this.ledger = new Ledger(harness);
    this.chance = new Chance(settings.firstSeed);
  }

  /** `seed`: of its chance. */
  static async open(
    harness: ConnectorHarness,
    { partitions, seed, ...settings }: KitSettings & { readonly partitions: number; readonly seed: number },
  ): Promise<CaseRun> {
    const { seeds = 5, kills = 8, stallMs = 500, letGoMs = 5_000 } = settings;
    const upstream = await harness.createUpstream(partitions);
    return new CaseRun(harness, { seeds, kills, stallMs, letGoMs, firstSeed: seed }, upstream);
  }

  get patienceMs(): number {
    return this.harness.patienceMs ?? DEFAULT_PATIENCE_MS;
  }

  /** Created, and not probed yet. */
  createSource(options: unknown = this.upstream.options): Source {
    const log = { info: () => undefined, warn: () => undefined };
    const { type, outbound = OPEN_OUTBOUND } = this.harness;
    const source = type.create(options, { name: 'conformance', log, outbound });
    this.#sources.push(source);
    this.upstream.connected?.(source);
    return source;
  }

  /** Created and probed, as the core does before the first `read`. */
  async connect(): Promise<Source> {
    const source = this.createSource();
    await this.probe(source);
    const { completeState, resumes, repeats } = source.traits;
    const said = JSON.stringify({ completeState, resumes, repeats });
    const { traits } = this.harness;
    const promised = JSON.stringify({
      completeState: traits.completeState,
      resumes: traits.resumes,
      repeats: traits.repeats,
    });
    demand(said === promised, `the traits of the source are ${said}, those of the harness ${promised}`);
    return source;
  }

  async probe(source: Source): Promise<void> {
    this.ledger.probe();
    const probed = source.probe(AbortSignal.timeout(this.patienceMs));
    await within('probe finds an upstream that works', probed, this.patienceMs).catch((error: unknown) => {
      demand(false, `probe must find an upstream that works; it threw ${errorText(error)}`);
    });
  }

  /** Begins to read after what was acknowledged. */
  read(source: Source, how: Pick<ReadingOptions, 'fateOf'> = {}): Reading {
    const { ledger, patienceMs } = this;
    const { letGoMs } = this.settings;
    const reading = new Reading({ source, ledger, patienceMs, letGoMs, after: ledger.positions, ...how });
    this.#readings.push(reading);
    return reading;
  }

  /** A new source that has said `live`. */
  async follow(): Promise<{ source: Source; reading: Reading }> {
    const source = await this.connect();
    const reading = this.read(source);
    await reading.until('it says "live"', () => reading.isLive);
    return { source, reading };
  }

  /** Resolves when the upstream has them. */
  async write(writes: readonly Write[]): Promise<void> {
    const written = this.upstream.write(writes);
    // who sends to a source waits for a reader that stops
    const longestMs = Math.max(this.patienceMs, 30_000) + this.settings.stallMs;
    await within('the harness writes', written, longestMs);
    this.ledger.confirm();
  }

  /** What the case needs and {@link ConnectorHarness.cannot} does not exclude. */
  ability<Name extends Exclude<Ability, 'delete'>>(name: Name): NonNullable<TestUpstream[Name]> {
    const method = this.upstream[name];
    demand(
      method !== undefined,
      `the harness has neither ${name} nor says under "cannot" why there can be none`,
    );
    return method.bind(this.upstream) as NonNullable<TestUpstream[Name]>;
  }

  /** Long enough to believe that nothing more comes. */
  settle(): Promise<void> {
    return pause(this.harness.settleMs ?? DEFAULT_SETTLE_MS);
  }

  until(sentence: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    return until(sentence, holds, this.patienceMs);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#readings.map((reading) => reading.stop()));
    await Promise.allSettled(
      this.#sources.map((source) => within('close', source.close(), this.settings.letGoMs)),
    );
    await this.upstream.close();
  }
}

/** Whether reading must begin anew after this error: positions mean nothing any more. */
export function isHistoryLost(error: unknown): boolean {
  return isNamed(error, 'HistoryLost');
}
