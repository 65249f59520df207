// Tailrace itself, embedded, between one database and a subscriber to everything: what the subscriber holds must come to be what
// the tables hold. Remembers what the program said meanwhile.

import { isDeepStrictEqual } from 'node:util';

import type { SourceType } from '../../../connectors/contract.js';
import type { PostgresOptions } from '../../../connectors/postgres/options.js';
import { createPostgres, postgres, type PostgresPace } from '../../../connectors/postgres/postgres.js';
import { Tailrace, type LogLine } from '../../../src/index.js';
import type { ValueChange } from '../../../src/receiver/held-values.js';
import type { Json } from '../../../src/topic/json.js';
import { Follower } from '../../support/follower.js';
import { until } from '../../support/kafka.js';
import { rowMapping } from './table-oracle.js';

export interface BridgeSettings {
  readonly options: Partial<PostgresOptions> & Pick<PostgresOptions, 'url'>;
  readonly atomic?: boolean;
  /** Told of each change that the subscriber sees. */
  readonly changed?: (change: ValueChange) => void;
}

export const ADMIN_TOKEN = 'an-operator-of-more-than-thirty-two-bytes';
const PATIENCE_MS = 30_000;
/** A tenth of the times that production has, or less. */
const HASTE: PostgresPace = { lookEveryMs: 300, timings: { reportMs: 300, deadAfterMs: 3_000 } };
/** As `postgres`, but in haste. */
const hasty: SourceType<PostgresOptions> = {
  ...postgres,
  type: 'hasty',
  create: (options, context) => createPostgres(options, context, HASTE),
};

/** Invariant: what it opened, `close` ends. */
export class Bridge {
  readonly log: LogLine[] = [];
  readonly #env: { DATABASE_URL: string };
  readonly #tailrace: Tailrace;
  readonly #follower: Follower;

  private constructor(parts: {
    tailrace: Tailrace;
    follower: Follower;
    log: LogLine[];
    env: { DATABASE_URL: string };
  }) {
    this.#tailrace = parts.tailrace;
    this.#follower = parts.follower;
    this.#env = parts.env;
    this.log = parts.log;
  }

  /** Resolves when both ports listen; reading has just begun. */
  static async open(settings: BridgeSettings): Promise<Bridge> {
    const log: LogLine[] = [];
    const config = bridgeConfig(settings);
    const env = bridgeEnv(settings.options.url);
    const tailrace = await Tailrace.start({
      ...{ config, connectors: [hasty], env },
      log: (line) => log.push(line),
    });
    const follower = new Follower(Number(new URL(tailrace.publicUrl).port), settings.changed);
    return new Bridge({ tailrace, follower, log, env });
  }

  /** What the subscriber holds now. */
  get values(): ReadonlyMap<string, Json> {
    return this.#follower.values;
  }

  /** It is told that values may be old. */
  get isStale(): boolean {
    return this.#follower.isStale;
  }

  /** The source has been read, and follows. */
  get isLive(): boolean {
    return this.#follower.isLive && !this.#follower.isStale && this.said('source-live') > 0;
  }

  /** How often the log has this event. */
  said(event: string): number {
    return this.log.filter((line) => line.event === event).length;
  }

  /** How often it had to begin anew with what the tables hold. */
  get losses(): number {
    return this.said('source-to-be-read-anew') + this.said('source-history-lost');
  }

  /** Lines that nothing explains: of our bugs. */
  get bugs(): readonly LogLine[] {
    return this.log.filter(({ event }) => event === 'source-failed' || event === 'record-rejected');
  }

  async untilLive(withinMs = PATIENCE_MS): Promise<void> {
    await until('the source to be live', () => this.isLive, withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.lastWords()}`);
    });
  }

  /** Until the subscriber holds exactly these values; fails with what differs. */
  async untilTrue(expected: ReadonlyMap<string, Json>, withinMs = PATIENCE_MS): Promise<void> {
    const isTrue = (): boolean => this.isLive && isDeepStrictEqual(this.values, expected);
    await until('what the tables hold', isTrue, withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${differences(expected, this.values)}\n${this.lastWords()}`);
    });
  }

  async readiness(): Promise<number> {
    return (await fetch(`${this.#tailrace.adminUrl}/readyz`)).status;
  }

  async metric(series: string): Promise<number> {
    const text = await (await fetch(`${this.#tailrace.adminUrl}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length));
  }

  /** Takes up other options. */
  async reload(settings: BridgeSettings): Promise<string> {
    this.#env.DATABASE_URL = settings.options.url;
    return (await this.#tailrace.reload(bridgeConfig(settings))).outcome;
  }

  async close(): Promise<void> {
    this.#follower.stop();
    await this.#tailrace.stop('at-once');
  }

  lastWords(): string {
    return this.log
      .slice(-12)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }
}

/** What the configuration refers to. */
export function bridgeEnv(url: string): { readonly ADMIN_TOKEN: string; DATABASE_URL: string } {
  return { ADMIN_TOKEN, DATABASE_URL: url };
}

/** As an object; for the built program with the type `postgres`. */
export function bridgeConfig(
  { options, atomic }: BridgeSettings,
  { port = 0, type = 'hasty' } = {},
): Record<string, unknown> {
  return {
    ...{
      listen: { host: '127.0.0.1', port },
      auth: 'none',
      limits: { visiblePathsPerSubscription: 2_000_000 },
    },
    admin: { host: '127.0.0.1', port: 0, token: { env: 'ADMIN_TOKEN' } },
    sources: [
      {
        name: 'rows',
        [type]: { ...options, url: { env: 'DATABASE_URL' } },
        ...(atomic && { atomic }),
        format: { key: 'string' },
        map: rowMapping,
      },
    ],
    entitlements: [{ allow: 'everyone', paths: ['**'] }],
  };
}

/** At most a dozen, each on a line. */
function differences(expected: ReadonlyMap<string, Json>, held: ReadonlyMap<string, Json>): string {
  const lines: string[] = [];
  const short = (value: Json | undefined): string => (JSON.stringify(value) ?? 'nothing').slice(0, 300);
  for (const path of new Set([...expected.keys(), ...held.keys()])) {
    const [wanted, got] = [expected.get(path), held.get(path)];
    if (!isDeepStrictEqual(wanted, got))
      lines.push(`${path}: ${short(got)} in the place of ${short(wanted)}`);
  }
  return `${lines.length} paths differ\n${lines.slice(0, 12).join('\n')}`;
}
