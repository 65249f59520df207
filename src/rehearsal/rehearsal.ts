// One rehearsal: records through the real stages, intake to fan-out, and what every viewer's session is sent on the way. Each
// viewer has two sessions: one that was there before the first record, one that comes after the last. Both must hold the same.

import { equal } from '../diff/equal.js';
import { FanOut } from '../fanout/fan-out.js';
import type { Session } from '../fanout/session.js';
import { RecordIntake } from '../ingest/intake.js';
import type { Rejection } from '../ingest/rejection.js';
import type { LogWriter } from '../log/log.js';
import { MemoryLog } from '../log/memory-log.js';
import type { Filter } from '../topic/filter.js';
import type { Json } from '../topic/json.js';
import type { TopicPath } from '../topic/path.js';
import { entryKeyOf } from '../topic/update.js';
import { RehearsedClient } from './rehearsed-client.js';
import type { Stage, StagedSource } from './stage.js';
import type { GivenRecord, Viewer } from './test-case.js';
import { TurnClock } from './turn-clock.js';
import { sourceRecordOf } from './written-record.js';

export interface Rehearsed {
  /** One per record. */
  readonly outcomes: readonly RecordOutcome[];
  /** Paths that a record gave a value, at any time. */
  readonly made: ReadonlySet<TopicPath>;
  /** Whether a path has a value at the end. */
  readonly exists: (path: TopicPath) => boolean;
  /** One per viewer. */
  readonly sights: readonly Sight[];
}

export type RecordOutcome =
  { readonly kind: 'mapped' | 'unchanged' | 'filtered' } | ({ readonly kind: 'rejected' } & Rejection);

export type Sight =
  | { readonly kind: 'seen'; readonly values: ReadonlyMap<TopicPath, Json> }
  /** They are not let in. */
  | { readonly kind: 'refused' }
  /** What they were sent contradicts itself: a bug of Tailrace. */
  | { readonly kind: 'contradictory'; readonly sentence: string };

export function rehearse(stage: Stage, given: readonly GivenRecord[], viewers: readonly Viewer[]): Rehearsed {
  const scene = new Scene(stage);
  const before = viewers.map((viewer) => scene.join(viewer));
  const outcomes = given.map((record) => scene.take(record));
  const after = viewers.map((viewer) => scene.join(viewer));
  scene.end();
  const sights = before.map((live, index) => sightOf(live, after[index]));
  return { outcomes, made: scene.made, exists: (path) => scene.exists(path), sights };
}

const EVERYTHING = { filters: ['**' as Filter], fields: undefined, snapshot: true, times: false };

/** Invariant: between calls every session has been sent all that it is owed, and has acknowledged it. */
class Scene {
  readonly made = new Set<TopicPath>();
  readonly #clock = new TurnClock();
  readonly #fanOut: FanOut;
  readonly #log: MemoryLog;
  readonly #intakes = new Map<StagedSource, Intake>();
  readonly #sessions: Session[] = [];

  constructor({ policy, config: { limits } }: Stage) {
    this.#fanOut = new FanOut({ clock: this.#clock, policy, limits, flushWindowMs: 0 });
    this.#log = new MemoryLog(this.#clock, this.#fanOut);
  }

  /** undefined: they are not let in. */
  join({ principal }: Viewer): RehearsedClient | undefined {
    if (principal === undefined) return undefined;
    const held = new RehearsedClient();
    const session = this.#fanOut.open({ principal, listener: held, acks: true, expiresAt: undefined });
    this.#sessions.push(session);
    this.#fanOut.subscribe(session, EVERYTHING);
    this.#settle();
    return held;
  }

  take(record: GivenRecord): RecordOutcome {
    const intake = this.#intakeOf(record.source);
    const outcome = intake.take(record);
    this.#settle();
    return outcome;
  }

  exists(path: TopicPath): boolean {
    return this.#fanOut.cache.get(entryKeyOf('', path)) !== undefined;
  }

  end(): void {
    this.#fanOut.stop();
  }

  #intakeOf(source: StagedSource): Intake {
    const known = this.#intakes.get(source);
    if (known !== undefined) return known;
    const intake = new Intake(source, this.#observed(this.#log.claim(source.config.name, source.config)));
    this.#intakes.set(source, intake);
    return intake;
  }

  #observed(writer: LogWriter): LogWriter {
    return {
      ...writer,
      append: (updates, readAt, bounds) => {
        for (const { path, value } of updates) if (value !== null) this.made.add(path);
        return writer.append(updates, readAt, bounds);
      },
    };
  }

  #settle(): void {
    let sent = -1;
    while (sent !== this.#sentFrames()) {
      sent = this.#sentFrames();
      for (const session of this.#sessions) this.#fanOut.ack(session, session.flow.sentFrames);
      this.#clock.runTurns();
    }
  }

  #sentFrames(): number {
    return this.#sessions.reduce((sum, { flow }) => sum + flow.sentFrames, 0);
  }
}

/** One source's intake, which says of each record what it made of it. */
class Intake {
  readonly #intake: RecordIntake;
  readonly #source: StagedSource;
  #rejection: Rejection | undefined;

  constructor(source: StagedSource, writer: LogWriter) {
    this.#source = source;
    const { name, contended } = source.config;
    const deadLetters = { write: (letter: Rejection) => void (this.#rejection = letter) };
    this.#intake = new RecordIntake({ ...source, name, contended, writer, deadLetters });
  }

  take(record: GivenRecord): RecordOutcome {
    this.#rejection = undefined;
    const { mapped, filtered } = this.#intake.counts;
    const { topic, partition } = record;
    const records = [sourceRecordOf(record, this.#source.config.format)];
    const origin = { partition: `${topic}-${partition}`, topic, partitionNumber: partition };
    void this.#intake.take({ type: 'records', ...origin, records, position: '' }, 0);
    if (this.#rejection !== undefined) return rejected(this.#rejection);
    const { counts } = this.#intake;
    if (counts.filtered > filtered) return { kind: 'filtered' };
    return { kind: counts.mapped > mapped ? 'mapped' : 'unchanged' };
  }
}

function rejected({ stage, code, at }: Rejection): RecordOutcome {
  return { kind: 'rejected', stage, code, ...(at === undefined ? {} : { at }) };
}

function sightOf(live: RehearsedClient | undefined, joined: RehearsedClient | undefined): Sight {
  if (live === undefined || joined === undefined) return { kind: 'refused' };
  const fault = live.fault ?? joined.fault ?? differenceOf(live, joined);
  return fault === undefined
    ? { kind: 'seen', values: joined.values }
    : { kind: 'contradictory', sentence: fault };
}

function differenceOf(live: RehearsedClient, joined: RehearsedClient): string | undefined {
  if (!live.isComplete || !joined.isComplete) return 'a snapshot had no end';
  const [before, after] = [live.values, joined.values];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [changed, given] = [before.get(path), after.get(path)];
    if (changed !== undefined && given !== undefined && equal(changed, given)) continue;
    const texts = [changed, given].map((value) => (value === undefined ? 'nothing' : JSON.stringify(value)));
    return `${path} is ${texts[0]} for who was there before, and ${texts[1]} for who comes after`;
  }
  return undefined;
}
