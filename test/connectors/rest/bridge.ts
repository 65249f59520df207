// Tailrace itself, embedded, between a feed server and a checking client that is subscribed to everything. Remembers what the
// program said meanwhile. Paths are `<endpoint>/<key>`.

import { isDeepStrictEqual } from 'node:util';

import type { Outbound, SourceType } from '../../../connectors/contract.js';
import { until } from '../../../connectors/kit/expectation.js';
import type { RestOptions } from '../../../connectors/rest/options.js';
import { createRest, rest, type RestSurroundings } from '../../../connectors/rest/rest.js';
import { Tailrace, type LogLine } from '../../../src/index.js';
import { canonical, type Value } from '../../oracle/naive-json.js';
import { Watcher } from '../../pipeline/watcher.js';

export interface BridgeSettings {
  readonly options: Partial<RestOptions> & Pick<RestOptions, 'url'>;
  /** Told whenever what the client holds may be looked at. */
  readonly applied?: (values: ReadonlyMap<string, Value>) => void;
  /** In place of {@link HASTE}. */
  readonly surroundings?: RestSurroundings;
  /** In place of what the configuration allows. */
  readonly outbound?: Outbound;
  /** Of `outbound.allow`. */
  readonly allow?: readonly string[];
}

export const ADMIN_TOKEN = 'an-operator-of-more-than-thirty-two-bytes';
const PATIENCE_MS = 15_000;

/** About a twentieth of the times that production has. */
export const HASTE = {
  backOff: { firstMs: 50, longestMs: 3_000, longestRetryAfterMs: 180_000 },
} satisfies RestSurroundings;

/** A twentieth, too; `key` is `/id`. */
const OPTIONS = { key: '/id', every: '100ms', jitter: 0, timeout: '500ms', staleAfter: '500ms' } as const;

/** Invariant: what it opened, `close` ends. */
export class Bridge {
  readonly log: LogLine[] = [];
  readonly watcher: Watcher;
  readonly #tailrace: Tailrace;

  private constructor(tailrace: Tailrace, log: LogLine[], applied: BridgeSettings['applied']) {
    this.#tailrace = tailrace;
    this.log = log;
    this.watcher = new Watcher(tailrace.publicUrl, undefined, () => {
      if (this.watcher.isLive) applied?.(this.watcher.values);
    });
  }

  /** Resolves when both ports listen; reading has just begun. */
  static async open(settings: BridgeSettings): Promise<Bridge> {
    const log: LogLine[] = [];
    const tailrace = await Tailrace.start({
      ...{ config: bridgeConfig(settings), connectors: [hasty(settings)], env: { ADMIN_TOKEN } },
      log: (line) => log.push(line),
    });
    return new Bridge(tailrace, log, settings.applied);
  }

  get values(): ReadonlyMap<string, Value> {
    return this.watcher.values;
  }

  /** The client was last told that the source is out of date. */
  get isStale(): boolean {
    return this.watcher.marks.at(-1) === 'stale';
  }

  /** The source was read, and is not stale. */
  get isLive(): boolean {
    return this.watcher.isLive && this.said('source-live') > 0 && !this.isStale;
  }

  /** How often the log has this event. */
  said(event: string): number {
    return this.lines(event).length;
  }

  lines(event: string): readonly LogLine[] {
    return this.log.filter((line) => line.event === event);
  }

  /** Lines that nothing explains: of our bugs. */
  get bugs(): readonly LogLine[] {
    return this.lines('source-failed');
  }

  async until(what: string, holds: () => boolean, withinMs = PATIENCE_MS): Promise<void> {
    await until(what, holds, withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.lastWords()}`);
    });
  }

  async untilLive(): Promise<void> {
    await this.until('the source to be live', () => this.isLive);
  }

  /** Until the client holds exactly these; fails with what differs. */
  async untilHolds(expected: ReadonlyMap<string, Value>, withinMs = PATIENCE_MS): Promise<void> {
    const isTrue = (): boolean => this.isLive && isDeepStrictEqual(this.values, expected);
    await until('what the feed has', isTrue, withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${differences(expected, this.values)}\n${this.lastWords()}`);
    });
  }

  /** On the admin port. */
  async request(
    method: 'GET' | 'POST',
    path: string,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const answer = await fetch(`${this.#tailrace.adminUrl}${path}`, { method, headers });
    return { status: answer.status, text: await answer.text() };
  }

  async close(): Promise<void> {
    this.watcher.stop();
    await this.#tailrace.stop('at-once');
  }

  lastWords(): string {
    return this.log
      .slice(-12)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }
}

/** As an object; for the built program with the type `rest`. */
export function bridgeConfig(
  { options, allow = ['127.0.0.0/8'] }: BridgeSettings,
  { port = 0, type = 'hasty' } = {},
): Record<string, unknown> {
  return {
    ...{ listen: { host: '127.0.0.1', port }, auth: 'none', outbound: { allow } },
    admin: { host: '127.0.0.1', port: 0, token: { env: 'ADMIN_TOKEN' } },
    sources: [{ name: 'feed', [type]: { ...OPTIONS, ...options }, map: [{ path: '{topic}/{key}' }] }],
    entitlements: [{ allow: 'everyone', paths: ['**'] }],
  };
}

/** What a client holds when it has these items, each with an `id`, of one endpoint. */
export function heldOf(
  items: readonly Readonly<Record<string, unknown>>[],
  endpoint = 'feed',
): Map<string, Value> {
  return new Map(items.map((item) => [`${endpoint}/${String(item['id'])}`, item as Value]));
}

/** As `rest`, but in haste. */
function hasty({ surroundings, outbound }: BridgeSettings): SourceType<RestOptions> {
  return {
    ...{ ...rest, type: 'hasty' },
    create: (options, context) =>
      createRest(options, { ...context, ...(outbound && { outbound }) }, { ...HASTE, ...surroundings }),
  };
}

/** At most a dozen, each on a line. */
function differences(expected: ReadonlyMap<string, Value>, held: ReadonlyMap<string, Value>): string {
  const paths = [...new Set([...expected.keys(), ...held.keys()])];
  const lines = paths.flatMap((path) => {
    const [wanted, got] = [expected.get(path), held.get(path)];
    const short = (value: Value | undefined): string => canonical(value).slice(0, 200);
    return isDeepStrictEqual(wanted, got) ? [] : [`${path}: ${short(got)} in the place of ${short(wanted)}`];
  });
  return `${lines.length} paths differ\n${lines.slice(0, 12).join('\n')}`;
}
