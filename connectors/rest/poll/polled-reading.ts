// One endpoint, polled for as long as it is read: when it is asked, what becomes of an answer, and when subscribers have to hear
// that it gives none. A poll is published whole or not at all.

import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceEvent, SourceLog } from '../../contract.js';
import { BadFeed } from '../format/bad-feed.js';
import { Contact } from '../timing/contact.js';
import type { Endpoint, Poll } from './endpoint.js';
import { FeedFault } from '../client/feed-fault.js';
import type { Pace } from '../timing/pace.js';
import { PublishedItems, type Verdict } from './published-items.js';
import { differenceEvents } from './record-events.js';
import type { Turns } from './turns.js';

export interface PolledReadingSettings {
  readonly endpoint: Endpoint;
  readonly pace: Pace;
  /** Of all endpoints of the source. */
  readonly turns: Turns;
  /** Among the endpoints. */
  readonly number: number;
  /** Name of the source. */
  readonly source: string;
  /** Before what is said of the endpoint; empty: it is the only one. */
  readonly prefix: string;
  readonly staleAfterMs: number;
  /** n of the item field that ends an item; undefined: there is none. */
  readonly deletedField: number | undefined;
  readonly isGuarded: () => boolean;
  readonly log: SourceLog;
  /** ms since 1970. */
  readonly now: () => number;
  /** ms that only ever grow. */
  readonly monotonic: () => number;
}

type Fault = FeedFault | BadFeed;
type Outcome = Verdict | { readonly outcome: 'failed'; readonly fault: Fault };

/** Invariant: one request at a time, and none before a server that asked for patience allows it. */
export class PolledReading {
  readonly #settings: PolledReadingSettings;
  /** What a probe has brought, for the reading after it. */
  #kept: Poll | undefined;
  /** A server asked for patience until then. */
  #early: { readonly until: number; readonly fault: Fault } | undefined;
  #published: PublishedItems | undefined;
  /** Ends the wait for the next poll. */
  #wake = new AbortController();
  #lastPollAt = 0;
  #isHeldSaid = false;

  constructor(settings: PolledReadingSettings) {
    this.#settings = settings;
  }

  /** Polls now, and keeps that for the reading to begin with. Throws FeedFault, BadFeed. */
  async probe(signal: AbortSignal): Promise<Poll> {
    const { endpoint, pace } = this.#settings;
    if (this.#early !== undefined && this.#isEarly) throw this.#early.fault;
    try {
      endpoint.forget();
      this.#kept = await this.#poll(signal);
      this.#newItems().compare(this.#kept); // what could never be published is said now
      return this.#kept;
    } catch (error) {
      this.#kept = undefined;
      if (isFault(error)) this.#notBefore(pace.afterFailure(error), error);
      throw error;
    }
  }

  /** What a probe has brought is too old for a reading that may come later. */
  forget(): void {
    this.#kept = undefined;
  }

  /**
   * An operator believes what is held back: it comes with the next poll, which is made at once unless the server asked for
   * patience. In half a sentence what that is; undefined: nothing is held back.
   */
  confirm(): string | undefined {
    const published = this.#published;
    if (published?.isHolding !== true) return undefined;
    published.confirm();
    if (!this.#isEarly) this.#wake.abort();
    return `${this.#settings.prefix}what is left of ${published.count} items, with the next poll`;
  }

  get #isEarly(): boolean {
    return this.#early !== undefined && this.#settings.monotonic() < this.#early.until;
  }

  /** Until `signal` aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const { pace, staleAfterMs, monotonic, endpoint } = this.#settings;
    const published = this.#newItems();
    this.#published = published;
    if (this.#kept === undefined) endpoint.forget();
    const contact = new Contact(staleAfterMs, monotonic);
    while (!signal.aborted) {
      const polling = this.#outcome(published, signal);
      // It may have to wait for its turn, and for its time to be over
      if (await isLaterThan(contact.untilStale(), polling, signal)) yield contact.interruption();
      const outcome = await polling;
      if (signal.aborted) return;
      if (outcome.outcome === 'failed') {
        this.#tellFault(contact, outcome.fault);
        const wait = pace.afterFailure(outcome.fault);
        this.#notBefore(wait, outcome.fault);
        yield* this.#pause(wait, { contact, signal });
        continue;
      }
      if (outcome.outcome === 'held') yield* this.#hold(contact, outcome);
      else {
        if (outcome.outcome === 'changed') yield* this.#changes(outcome);
        endpoint.settle();
        this.#isHeldSaid = false;
        if (contact.regained()) yield { type: 'live' };
      }
      yield* this.#pause(pace.afterSuccess(), { contact, signal });
    }
  }

  #newItems(): PublishedItems {
    const { deletedField, isGuarded } = this.#settings;
    return new PublishedItems({ deletedField, isGuarded });
  }

  /** Never rejects for what the endpoint does. */
  async #outcome(published: PublishedItems, signal: AbortSignal): Promise<Outcome> {
    try {
      const kept = this.#kept;
      this.#kept = undefined;
      return published.compare(kept ?? (await this.#poll(signal)));
    } catch (error) {
      if (isFault(error)) return { outcome: 'failed', fault: error };
      if (signal.aborted) return { outcome: 'unchanged' };
      throw error;
    }
  }

  async #poll(signal: AbortSignal): Promise<Poll> {
    const { turns, endpoint, pace } = this.#settings;
    return turns.run(() => {
      pace.begin();
      return endpoint.poll(signal);
    });
  }

  *#changes({ difference }: Extract<Verdict, { outcome: 'changed' }>): Generator<SourceEvent> {
    const { endpoint, number, log, now } = this.#settings;
    const { name } = endpoint;
    if (difference.repeated > 0) log.warn('items-repeated', { endpoint: name, items: difference.repeated });
    this.#lastPollAt = Math.max(now(), this.#lastPollAt + 1); // no two polls have one name
    const poll = new Date(this.#lastPollAt).toISOString();
    yield* differenceEvents(difference, { name, number, poll });
  }

  *#hold(contact: Contact, { gone, of }: Extract<Verdict, { outcome: 'held' }>): Generator<SourceEvent> {
    const { endpoint, log, prefix, source } = this.#settings;
    const reason = `${prefix}${gone} of ${of} items are gone from the feed at once, so nothing of it is believed until three polls say so; if it is right, run: tailrace confirm ${source}`;
    contact.lose(reason);
    if (!this.#isHeldSaid) log.warn('feed-shrank', { endpoint: endpoint.name, gone, of, reason });
    this.#isHeldSaid = true;
    if (contact.untilStale() !== undefined) yield contact.interruption();
  }

  #tellFault(contact: Contact, { message }: Fault): void {
    const { endpoint, log, prefix } = this.#settings;
    const reason = `${prefix}${message}`;
    if (contact.lose(reason)) log.warn('poll-failed', { endpoint: endpoint.name, reason });
  }

  #notBefore(waitMs: number, fault: Fault): void {
    const { endpoint, pace, log } = this.#settings;
    if (pace.refusedMs !== undefined)
      log.warn('retry-after-capped', { endpoint: endpoint.name, askedMs: pace.refusedMs, waitMs });
    const isAsked = fault instanceof FeedFault && fault.retryAfterMs !== undefined;
    this.#early = isAsked ? { until: this.#settings.monotonic() + waitMs, fault } : undefined;
  }

  /** Says in the middle of it that contact is lost, where that has lasted long enough by then. */
  async *#pause(
    waitMs: number,
    { contact, signal }: { readonly contact: Contact; readonly signal: AbortSignal },
  ): AsyncGenerator<SourceEvent> {
    const { pace } = this.#settings;
    this.#wake = new AbortController();
    const ending = AbortSignal.any([signal, this.#wake.signal]);
    const untilStale = contact.untilStale();
    if (untilStale !== undefined && untilStale <= waitMs) {
      await pause(untilStale, ending);
      if (!signal.aborted) yield contact.interruption();
      await pause(waitMs - untilStale, ending);
    } else await pause(waitMs, ending);
    while (!ending.aborted && !pace.isOpen()) await pause(pace.untilOpen(), ending);
  }
}

function isFault(error: unknown): error is Fault {
  return error instanceof FeedFault || error instanceof BadFeed;
}

/** Whether so many ms are over before the work is; undefined: they never are. What the work rejects with is for who awaits it. */
async function isLaterThan(
  ms: number | undefined,
  work: Promise<unknown>,
  signal: AbortSignal,
): Promise<boolean> {
  if (ms === undefined) return false;
  const done = new AbortController();
  const end = (): void => done.abort();
  work.then(end, end);
  await pause(ms, AbortSignal.any([done.signal, signal]));
  return !done.signal.aborted && !signal.aborted;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
