// A feed as the contract wants it: one or several endpoints behind HTTP. How one is polled is polled-reading.ts, how one that stays
// open is followed is followed-reading.ts.

import {
  HistoryLost,
  OptionsRejected,
  SourceUnavailable,
  type Positions,
  type Source,
  type SourceContext,
  type SourceEvent,
  type SourceType,
  type Traits,
} from '../contract.js';
import { BadFeed } from './format/bad-feed.js';
import { Endpoint } from './poll/endpoint.js';
import { FeedClient } from './client/feed-client.js';
import { FeedFault } from './client/feed-fault.js';
import { FeedParser } from './format/feed-parser.js';
import { FollowedReading } from './stream/followed-reading.js';
import { mergeReadings } from './merged-readings.js';
import { REST_OPTIONS, type RestOptions } from './options.js';
import { Pace, type BackOff, type PaceClock } from './timing/pace.js';
import { PolledReading } from './poll/polled-reading.js';
import { requestForm } from './client/request-template.js';
import { asksForSameItems, restSettings, type OneEndpoint, type RestSettings } from './settings.js';
import { Turns } from './poll/turns.js';

/** Configured under `rest`. */
export const rest: SourceType<RestOptions> = {
  type: 'rest',
  options: REST_OPTIONS,
  transactions: true,
  atomicByDefault: true,
  isCheapToRead: true,
  create: (options, context) => createRest(options, context),
};

/** What tests set. */
export interface RestSurroundings {
  readonly clock?: PaceClock;
  readonly backOff?: BackOff;
}

const SYSTEM_CLOCK: PaceClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
};

/** Throws OptionsRejected. */
export function createRest(
  options: RestOptions,
  context: SourceContext,
  surroundings: RestSurroundings = {},
): Source {
  return new RestSource(options, context, surroundings);
}

/** Invariant: at most one reading at a time; `close` ends it. */
class RestSource implements Source {
  readonly traits: Traits;
  readonly #context: SourceContext;
  readonly #client: FeedClient;
  readonly #polled: readonly PolledReading[];
  /** By the names of their endpoints. */
  readonly #followed: ReadonlyMap<string, FollowedReading>;
  readonly #closing = new AbortController();
  /** As it goes on now: see {@link adopt}. */
  #options: RestOptions;

  constructor(options: RestOptions, context: SourceContext, surroundings: RestSurroundings) {
    const settings = restSettings(options);
    const { isFollowed } = settings;
    this.#options = options;
    this.#context = context;
    this.#client = new FeedClient(settings.client, context.outbound);
    // What was before a stream is not known, and a server may send again what it had sent.
    this.traits = { completeState: !isFollowed, resumes: false, repeats: isFollowed };
    const turns = new Turns(settings.concurrency);
    const { endpoints } = settings;
    this.#polled = isFollowed
      ? []
      : endpoints.map((one, number) => this.#polledOf(one, { settings, turns, surroundings, number }));
    const followed = isFollowed ? endpoints : [];
    this.#followed = new Map(
      followed.map((one, number) => [
        nameOf(one),
        this.#followedOf(one, { settings, turns, surroundings, number }),
      ]),
    );
  }

  /** Polls every endpoint once: what that brings is what `read` begins with. */
  async probe(signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    try {
      await Promise.all([...this.#followed.values()].map((reading) => reading.probe(ending)));
      const polls = await Promise.all(this.#polled.map((reading) => reading.probe(ending)));
      if (polls.length === 0) return;
      const pages = polls.flatMap((poll) => poll.pages);
      const items = pages.reduce((sum, page) => sum + page.items.count, 0);
      const bytes = polls.reduce((sum, poll) => sum + poll.bytes, 0);
      this.#context.log.info('polled', { items, pages: pages.length, bytes });
    } catch (error) {
      throw contractError(error);
    }
  }

  read(after: Positions, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    return this.#read(after, AbortSignal.any([signal, this.#closing.signal]));
  }

  async *#read(after: Positions, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    if (signal.aborted) return;
    if (this.#polled.length > 0 && after.size > 0) {
      for (const reading of this.#polled) reading.forget();
      throw new HistoryLost('a polled feed says what there is, not what came after a position');
    }
    const readings = [
      ...this.#polled.map((reading) => (inner: AbortSignal) => reading.events(inner)),
      ...Array.from(
        this.#followed,
        ([name, reading]) =>
          (inner: AbortSignal) =>
            reading.events(after.get(name), inner),
      ),
    ];
    try {
      yield* mergeReadings(readings, signal);
    } catch (error) {
      throw contractError(error);
    }
  }

  /** Nobody upstream waits for it. */
  async ack(): Promise<void> {}

  confirm(): string | undefined {
    const confirmed = this.#polled.flatMap((reading) => reading.confirm() ?? []);
    return confirmed.length === 0 ? undefined : confirmed.join('; ');
  }

  /** Other secrets and certificates count from the next request on, and so does whether polls are guarded. */
  adopt(options: unknown): boolean {
    const next = options as RestOptions; // checked against REST_OPTIONS, as those of `create`
    if (!asksForSameItems(this.#options, next)) return false;
    this.#client.useAuth(next.auth, next.tls);
    this.#options = next;
    return true;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the source was closed'));
  }

  #polledOf(
    { endpoint, parser }: OneEndpoint,
    { settings, turns, surroundings, number }: Making,
  ): PolledReading {
    const { clock = SYSTEM_CLOCK, backOff } = surroundings;
    const parts = { client: this.#client, parser: new FeedParser(parser), clock };
    return new PolledReading({
      endpoint: new Endpoint(endpoint, parts),
      pace: new Pace({ ...settings.pace, ...(backOff && { backOff }) }, clock),
      ...{ turns, number, staleAfterMs: settings.staleAfterMs, source: this.#context.name },
      prefix: endpoint.forValue === undefined ? '' : `${endpoint.forValue}: `,
      deletedField: endpoint.fields.deleted,
      isGuarded: () => this.#options.vanish !== 'allow',
      ...{ log: this.#context.log, now: () => clock.now(), monotonic: () => clock.monotonic() },
    });
  }

  #followedOf(
    { endpoint, parser }: OneEndpoint,
    { settings, surroundings, number }: Making,
  ): FollowedReading {
    const { clock = SYSTEM_CLOCK, backOff } = surroundings;
    return new FollowedReading({
      name: nameOf({ endpoint }),
      number,
      client: this.#client,
      request: requestForm(endpoint.request, endpoint.forValue),
      parser: new FeedParser({ ...parser, contentType: 'any' }),
      ...{ contentType: parser.contentType, maxBytes: settings.client.maxBytes },
      deletedField: endpoint.fields.deleted,
      ...{ idleTimeoutMs: settings.idleTimeoutMs, staleAfterMs: settings.staleAfterMs },
      ...{ log: this.#context.log, clock, ...(backOff && { backOff }) },
    });
  }
}

interface Making {
  readonly settings: RestSettings;
  readonly turns: Turns;
  readonly surroundings: RestSurroundings;
  readonly number: number;
}

function nameOf({ endpoint: { forValue } }: Pick<OneEndpoint, 'endpoint'>): string {
  return forValue ?? 'feed';
}

/** What a fault means before anything was read: what somebody has to change, or what may pass. */
function contractError(error: unknown): unknown {
  if (error instanceof BadFeed) return new SourceUnavailable(error.message, { cause: error });
  if (!(error instanceof FeedFault)) return error;
  return error.kind === 'refused'
    ? new OptionsRejected(error.message, { cause: error })
    : new SourceUnavailable(error.message, { cause: error });
}
