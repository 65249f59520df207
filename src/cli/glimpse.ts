// What a source would publish, as far as one look shows it: for `check --connect`, and sources that are cheap to read. Records are
// read and mapped as `tap` does it; here is how many are looked at, and what is kept of them.

import type { Source } from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import type { RecordReader, SampledRecord } from '../ingest/record-reader.js';
import type { MapRule } from '../map/rule.js';
import { scrubText } from '../telemetry/scrub.js';
import type { Ms } from '../topic/update.js';
import { printable, printableBytes, shortened } from './printable.js';
import { jsonText, outcomeLines, type TappedRecord } from './tap-lines.js';
import { readTapped, type TapListener } from './tapping.js';

/** Of the current state, or of what a source that has none brought while it was looked at. */
export interface Glimpse {
  /** How many records became what. */
  readonly records: Readonly<Record<SampledRecord['outcome'], number>>;
  /** Whether these are all records that there are now. */
  readonly isAll: boolean;
  /** Of the first few: how the JSON of the value begins, less what looks like a secret; null: the path is deleted. */
  readonly paths: readonly { readonly path: string; readonly value: string | null }[];
  readonly rejected: readonly { readonly key: string | null; readonly reason: string }[];
}

export interface Looking {
  readonly source: Source;
  readonly reader: RecordReader;
  readonly rules: readonly MapRule[];
  readonly clock: Clock;
  readonly timeoutMs: Ms;
}

const MOST_RECORDS = 1_000;
/** Of a source that tells only what happens. */
const MOST_OF_STREAM = 10;
const SHOWN = 5;
const VALUE_COLUMNS = 100;
const KEY_BYTES = 48;

/** Reads a source that was probed until all there is was read, or enough of it, or the time is over. Throws what sources throw. */
export async function glimpseOf(looking: Looking, signal: AbortSignal): Promise<Glimpse> {
  const { source, clock, timeoutMs } = looking;
  const view = new GlimpseView(looking.rules, source.traits.completeState);
  const late = new AbortController();
  const cancel = clock.after(timeoutMs, () => late.abort());
  const ending = AbortSignal.any([signal, late.signal, view.enough]);
  try {
    const reading = readTapped({ ...looking, listener: view }, ending);
    reading.catch(() => undefined); // of no interest once there is enough
    await Promise.race([reading, aborted(ending)]);
  } finally {
    cancel();
  }
  return view.glimpse;
}

/** The lines below that of the contact. */
export function glimpseText({ records, isAll, paths, rejected }: Glimpse): string[] {
  const total = Object.values(records).reduce((sum, each) => sum + each, 0);
  const parts = Object.entries(records).flatMap(([outcome, each]) =>
    each > 0 ? [`${each} ${outcome}`] : [],
  );
  const first = isAll ? '' : 'the first ';
  const head =
    total === 0 ? 'no records now' : `${first}${total} record${total === 1 ? '' : 's'}: ${parts.join(', ')}`;
  const shownPaths = paths.map(({ path, value }) => `${printable(path)}  ${value ?? 'deleted'}`);
  return [head, ...shownPaths, ...rejected.map(({ key, reason }) => `${key ?? '-'}  ${reason}`)];
}

/** Invariant: aborts `enough` once no other record is needed. */
class GlimpseView implements TapListener {
  readonly #rules: readonly MapRule[];
  readonly #hasState: boolean;
  readonly #enough = new AbortController();
  readonly #records = { mapped: 0, deleted: 0, filtered: 0, rejected: 0 };
  readonly #paths: Glimpse['paths'][number][] = [];
  readonly #rejected: Glimpse['rejected'][number][] = [];
  #isAll = false;
  #left: number;

  /** `hasState`: what is read until `live` is all that there is. */
  constructor(rules: readonly MapRule[], hasState: boolean) {
    this.#rules = rules;
    this.#hasState = hasState;
    this.#left = hasState ? MOST_RECORDS : MOST_OF_STREAM;
  }

  get enough(): AbortSignal {
    return this.#enough.signal;
  }

  get glimpse(): Glimpse {
    return {
      ...{ records: this.#records, isAll: this.#isAll },
      ...{ paths: this.#paths, rejected: this.#rejected },
    };
  }

  record({ record, sampled }: TappedRecord): undefined {
    this.#records[sampled.outcome]++;
    if (sampled.outcome === 'rejected' && this.#rejected.length < SHOWN) {
      const key = record.key === null ? null : printableBytes(record.key, KEY_BYTES);
      this.#rejected.push({ key, reason: outcomeLines(sampled, this.#rules).join('') });
    }
    for (const { path, text } of sampled.outcome === 'mapped' ? sampled.paths : []) {
      if (this.#paths.length === SHOWN) break;
      const value = text === null ? null : shortened(scrubText(printable(jsonText(text))), VALUE_COLUMNS);
      this.#paths.push({ path, value });
    }
    if (--this.#left === 0) this.#enough.abort();
  }

  live(): void {
    if (!this.#hasState) return; // what it has is still to come
    this.#isAll = true;
    this.#enough.abort();
  }

  interrupted(): void {
    this.#enough.abort();
  }

  cleared(): void {}

  waitsForSchemas(): void {}
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
