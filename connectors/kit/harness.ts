// What the conformance kit needs to know of a connector, and to have done to its upstream. Whoever writes a connector writes
// one harness, and runs the cases of conformance.ts with it under any test framework.

import type { Outbound, Source, SourceRecord, SourceType, Traits } from '../contract.js';

export interface ConnectorHarness {
  readonly type: SourceType<unknown>;
  /** What sources that are made here promise; compared with what they say after `probe`. */
  readonly traits: Traits;
  /** What cannot be done to this upstream, and why in half a sentence: the cases that need it are left out, and say so. */
  readonly cannot?: Readonly<Partial<Record<Ability, string>>>;
  /** Mistakes of people that `probe` must name. */
  readonly misconfigurations: readonly Misconfiguration[];
  /** Makes an upstream for one case: empty, its own, of so many partitions where it has such. */
  createUpstream(partitions: number): Promise<TestUpstream>;
  /** What was written, of a record that came of it. Left out: key and value are the same bytes, as UTF-8. */
  readonly textOf?: (record: SourceRecord) => { readonly key: string; readonly value: string | null };
  /** What sources are given. Default: one that goes anywhere. */
  readonly outbound?: Outbound;
  /** Most bytes that a source holds while nobody reads on. Default 8 MiB. */
  readonly buffersBytes?: number;
  /** After so long without anything the kit believes that nothing more comes, ms. Default 300. */
  readonly settleMs?: number;
  /** Whatever has to happen must have happened after so long, ms. Default 10,000. */
  readonly patienceMs?: number;
}

/** What not every upstream can do. The names are those of the methods of {@link TestUpstream}. */
export type Ability =
  /** `write` with a value of null. */
  'delete' | 'writeBad' | 'loseHistory' | 'breakContact' | 'acknowledged';

/** One key set to a value, or deleted. Values are the texts of JSON objects with a number `n`. */
export interface Write {
  readonly key: string;
  readonly value: string | null;
}

export interface TestUpstream {
  /** With which a source reads it. Valid by the schema of the type, defaults filled in. */
  readonly options: unknown;
  /** In this order. Resolves when the upstream has them; rejects when it did not take them, and then some may be there. */
  write(writes: readonly Write[]): Promise<void>;
  /** For upstreams that send through the source: it was just created, and will be read. */
  connected?(source: Source): void;
  /** Something that is no use to anybody, where a record belongs: no JSON, or what the upstream has of that kind. */
  writeBad?(): Promise<void>;
  /** Forgets what was before, so that positions from before mean nothing, and has these keys from then on. */
  loseHistory?(state: readonly Write[]): Promise<void>;
  /** The upstream goes on, but sources do not reach it, until what this resolves with is called. */
  breakContact?(): Promise<() => Promise<void>>;
  /** Whether the upstream holds this write for taken, so that it need not keep it for us. */
  acknowledged?(write: Write): Promise<boolean>;
  /** Removes it all. */
  close(): Promise<void>;
}

export interface Misconfiguration {
  /** Completes `probe names …`. */
  readonly name: string;
  /** Made of those that work. */
  readonly options: (working: unknown) => unknown;
  /** Each must stand in the message. */
  readonly says: readonly (string | RegExp)[];
  /** Which error it is. Default OptionsRejected. */
  readonly error?: 'OptionsRejected' | 'SourceUnavailable';
}
