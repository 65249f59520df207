// What a tap shows of the records that it is told of: which of them, in what form, how fast, and what they came to together.

import { systemClock } from '../clock.js';
import type { MapRule } from '../map/rule.js';
import { matches, type Filter } from '../topic/filter.js';
import type { Ms } from '../topic/update.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { LinePace } from './line-pace.js';
import type { Output } from './output.js';
import { heightOf, tapJson, tapText, type TappedRecord } from './tap-lines.js';
import type { TapListener } from './tapping.js';
import type { TapStart } from './tap-start.js';

/** Which records are shown, and how. */
export interface TapViewOptions {
  readonly number?: number;
  readonly path?: Filter;
  readonly rejected?: boolean;
  readonly raw?: boolean;
  readonly json?: boolean;
}

export interface TapViewContext {
  readonly output: Output;
  /** A notice, on a line of its own. */
  readonly say: (text: string) => void;
  readonly rules: readonly MapRule[];
  readonly start: TapStart;
  /** Width of the terminal now; undefined: it is none. */
  readonly columns: () => number | undefined;
}

/** More than a person follows; fewer than a terminal can take. */
const LINES_PER_SECOND = 50;
const LINES_PER_FLUSH = 100;

type Outcome = TappedRecord['sampled']['outcome'];

/** Invariant: every record is counted once, whether it is shown or not. */
export class TapView implements TapListener {
  readonly #options: TapViewOptions;
  readonly #context: TapViewContext;
  readonly #pace: LinePace;
  readonly #satisfied = new AbortController();
  readonly #counts: Record<Outcome, number> = { mapped: 0, deleted: 0, filtered: 0, rejected: 0 };
  /** By stage and code. */
  readonly #rejections = new Map<string, number>();
  #shown = 0;
  #unflushed = 0;
  #contact: 'none yet' | 'live' | 'lost' = 'none yet';

  constructor(options: TapViewOptions, context: TapViewContext) {
    this.#options = options;
    this.#context = context;
    this.#pace = new LinePace(systemClock, LINES_PER_SECOND, (leftOut) =>
      context.output.notice(`… ${grouped(leftOut)} left out`),
    );
  }

  /** Aborts when as many records have been shown as were asked for. */
  get satisfied(): AbortSignal {
    return this.#satisfied.signal;
  }

  /** Resolves when what reads the output has taken it. */
  record(tapped: TappedRecord): Promise<void> | undefined {
    const { sampled } = tapped;
    this.#counts[sampled.outcome]++;
    if (sampled.outcome === 'rejected') {
      const reason = `${sampled.stage} ${sampled.code}`;
      this.#rejections.set(reason, (this.#rejections.get(reason) ?? 0) + 1);
    }
    const wanted = this.#wanted(tapped);
    if (wanted === undefined || this.satisfied.aborted || !this.#print(wanted)) return undefined;
    if (++this.#shown === this.#options.number) this.#satisfied.abort();
    if (++this.#unflushed < LINES_PER_FLUSH) return undefined;
    this.#unflushed = 0;
    return this.#context.output.flushed();
  }

  live(): void {
    const { say, start } = this.#context;
    if (this.#contact === 'lost') say('in contact again');
    else if (start === 'live') say('waiting for records; --from earliest reads from the beginning');
    else if (this.#contact === 'none yet') say('that was all there is; waiting for more');
    this.#contact = 'live';
  }

  interrupted(reason: string): void {
    this.#contact = 'lost';
    this.#context.say(`contact is lost, trying again: ${reason}`);
  }

  cleared(topic: string): void {
    this.#context.say(`all of ${topic} is deleted: it was emptied, or is no more`);
  }

  waitsForSchemas(reason: string): void {
    this.#context.say(`waiting for the schema registry: ${reason}`);
  }

  /** Says what all records came to. */
  close(): void {
    this.#pace.flush();
    this.#context.say(this.#summary());
  }

  /** The time is over. */
  late(timeoutMs: Ms): ExitCode {
    const { number } = this.#options;
    if (this.#shown > 0 && number === undefined) return EXIT.fine;
    const what = number === undefined ? 'nothing to show' : `${this.#shown} of ${number} records`;
    this.#context.say(`${what} came within ${timeoutMs} ms`);
    return EXIT.failed;
  }

  /** The record with those of its paths that were asked for; undefined: nothing of it was. */
  #wanted(tapped: TappedRecord): TappedRecord | undefined {
    const { sampled } = tapped;
    const { rejected, path: filter } = this.#options;
    if (rejected === true) return sampled.outcome === 'rejected' ? tapped : undefined;
    if (filter === undefined) return tapped;
    if (sampled.outcome !== 'mapped') return undefined;
    const paths = sampled.paths.filter(({ path }) => matches(filter, path));
    return paths.length === 0 ? undefined : { ...tapped, sampled: { outcome: 'mapped', paths } };
  }

  /** False: it was left out, for there is too much. */
  #print(tapped: TappedRecord): boolean {
    const { output, rules } = this.#context;
    const { raw = false, json = false } = this.#options;
    if (json) {
      output.data(tapJson(tapped, raw));
      return true;
    }
    const columns = this.#context.columns();
    if (columns !== undefined && !this.#pace.grant(heightOf(tapped, raw))) return false;
    output.data(tapText(tapped, { columns, raw, rules }).join('\n'));
    return true;
  }

  #summary(): string {
    const counts = Object.entries(this.#counts).filter(([, count]) => count > 0);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    const parts = counts.map(([outcome, count]) => `${grouped(count)} ${outcome}`).join(', ');
    const codes = [...this.#rejections].sort(([, a], [, b]) => b - a);
    const reasons = codes.map(([reason, count]) => `${grouped(count)} ${reason}`).join(', ');
    const head = `${grouped(total)} record${total === 1 ? '' : 's'}`;
    return `${head}${parts === '' ? '' : `: ${parts}`}${reasons === '' ? '' : ` (${reasons})`}`;
  }
}

/** `4,211` */
function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
