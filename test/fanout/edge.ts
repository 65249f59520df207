// A real edge for tests: FanOut with simulated time, fed by hand, and listeners that keep what was written.

import { compilePolicy, type Policy } from '../../src/entitle/policy.js';
import type { Principal } from '../../src/entitle/principal.js';
import type { RuleConfig } from '../../src/entitle/rule.js';
import { FanOut, type FanOutLimits, type SubscribeRequest } from '../../src/fanout/fan-out.js';
import type { Session } from '../../src/fanout/session.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import type { LogWriter } from '../../src/log/log.js';
import type { Filter } from '../../src/topic/filter.js';
import { stringifyJson, type Json } from '../../src/topic/json.js';
import type { TopicPath } from '../../src/topic/path.js';
import { entryKeyOf, type Bounds } from '../../src/topic/update.js';
import { toText, type Utf8 } from '../../src/topic/utf8.js';
import { SimClock } from '../simulation/sim-clock.js';

export const LIMITS: FanOutLimits = {
  conflateFromBytes: 256 * 1024,
  conflateAfterMs: 2_000,
  stallTimeoutMs: 30_000,
  visiblePathsPerSubscription: 10_000,
  beatMs: 25_000,
};

export function policyOf(rules: readonly RuleConfig[], version = 1): Policy {
  const compiled = compilePolicy(rules, version);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.policy;
}

export function principal(roles: readonly string[], claims: Readonly<Record<string, Json>> = {}): Principal {
  return { subject: 'somebody', roles, claims };
}

/** One session that keeps every message it was written, parsed. */
export class Peer {
  readonly messages: unknown[][] = [];
  closed: number | undefined;
  pings: number[] = [];
  session!: Session;

  write(lines: Utf8): void {
    this.messages.push(
      toText(lines)
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    );
  }
  ping(frames: number): void {
    this.pings.push(frames);
  }
  close(code: number): void {
    this.closed = code;
  }
  terminate(): void {}

  /** Every line so far, and forgets them. */
  take(): unknown[] {
    return this.messages.splice(0).flat();
  }
}

export class Edge {
  readonly clock = new SimClock(1);
  readonly fanOut: FanOut;
  readonly writer: LogWriter;
  readonly #log: MemoryLog;

  constructor(
    rules: readonly RuleConfig[] = [{ allow: 'everyone', paths: ['**'] }],
    limits: Partial<FanOutLimits> = {},
  ) {
    const policy = policyOf(rules);
    this.fanOut = new FanOut({
      clock: this.clock,
      policy,
      limits: { ...LIMITS, ...limits },
      flushWindowMs: 0,
    });
    this.#log = new MemoryLog(this.clock, this.fanOut);
    this.writer = this.#log.claim('test');
  }

  /** Takes the rows of a source whose transactions are whole: what it returns tells one, or a part of one. null: deleted. */
  atomicSource(): (rows: Readonly<Record<string, Json | null>>, bounds?: Bounds) => void {
    const writer = this.#log.claim('ledger', { atomic: true });
    return (rows, bounds = 'whole') => {
      const updates = Object.entries(rows).map(([path, value]) =>
        this.#update(path, value === null ? null : stringifyJson(value)),
      );
      void writer.append(updates, this.clock.now(), bounds);
    };
  }

  set(path: string, value: Json): void {
    void this.writer.append([this.#update(path, stringifyJson(value))], this.clock.now());
  }

  /** Like `set`, of a record of that event time that was taken from the source then. */
  append(path: string, value: Json, { at, readAt }: { at: number; readAt: number }): void {
    void this.writer.append([{ ...this.#update(path, stringifyJson(value)), at }], readAt);
  }

  delete(path: string): void {
    void this.writer.append([this.#update(path, null)], this.clock.now());
  }

  markPath(path: string, isStale: boolean): void {
    this.writer.markPath(entryKeyOf('', path as TopicPath), path as TopicPath, isStale);
  }

  open(who: Principal = principal([]), o: { acks?: boolean; expiresAt?: number } = {}): Peer {
    const peer = new Peer();
    peer.session = this.fanOut.open({
      principal: who,
      listener: peer,
      acks: o.acks ?? true,
      expiresAt: o.expiresAt,
    });
    return peer;
  }

  subscribe(peer: Peer, filter: string, request: Partial<SubscribeRequest> = {}): number {
    const wanted = {
      filters: [filter as Filter],
      fields: undefined,
      snapshot: true,
      times: false,
      ...request,
    };
    return this.fanOut.subscribe(peer.session, wanted).sub;
  }

  /** Lets every turn run that is ready. */
  async settle(): Promise<void> {
    await this.clock.turn();
  }

  /** Lets the client acknowledge all it was sent, until nothing more comes. */
  async readAll(peer: Peer): Promise<void> {
    for (let sent = -1; sent !== peer.session.flow.sentFrames;) {
      sent = peer.session.flow.sentFrames;
      this.fanOut.ack(peer.session, sent);
      await this.settle();
    }
  }

  #update(path: string, value: ReturnType<typeof stringifyJson> | null) {
    return { key: entryKeyOf('', path as TopicPath), path: path as TopicPath, value, at: this.clock.now() };
  }
}
