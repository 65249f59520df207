// One endpoint whose answer stays open, followed for as long as it is read: when it is connected to, what the end of a connection
// means, and when subscribers have to hear that there is none. What a connection brings is stream-connection.ts.
//
// We ask to go on after the last message that was handed out; when a reading begins, after the one whose position we are given,
// which is the last that the core has stored. What was handed out within a reading is the core's: it stores it, or ends the reading
// and begins another from what it has stored. So nothing is lost that the server still has, and nothing is asked for twice.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Position, SourceEvent } from '../../contract.js';
import { BadFeed } from '../format/bad-feed.js';
import { Contact } from '../timing/contact.js';
import type { FeedClient, FeedStream } from '../client/feed-client.js';
import { FeedFault } from '../client/feed-fault.js';
import { inTime } from './in-time.js';
import { BACK_OFF, Pace, type BackOff, type PaceClock } from '../timing/pace.js';
import type { RequestForm } from '../client/request-template.js';
import { connectionEvents } from './stream-connection.js';
import { messageStreamOf, STREAM_ACCEPT, type StreamFormatSettings } from './stream-format.js';
import type { MessageStream } from './stream-message.js';
import { StreamRecords, type StreamRecordsSettings } from './stream-records.js';
import { StreamTrial, type Doubt, type Outcome } from './stream-trial.js';

export interface FollowedReadingSettings extends StreamRecordsSettings, StreamFormatSettings {
  readonly client: Pick<FeedClient, 'open'>;
  readonly request: RequestForm;
  readonly idleTimeoutMs: number;
  /** So long without contact is said to subscribers. */
  readonly staleAfterMs: number;
  readonly clock: PaceClock;
  /** Of connections that come to nothing. Left out: as of polls. */
  readonly backOff?: BackOff;
  /** The wait after a connection that was well, until the server says another. Default 1 s. */
  readonly reconnectMs?: number;
}

type Fault = FeedFault | BadFeed;

/** What outlives a connection. */
interface Following {
  readonly contact: Contact;
  readonly records: StreamRecords;
  readonly signal: AbortSignal;
  doubt: Doubt;
}

interface Opened {
  readonly stream: FeedStream;
  readonly messages: MessageStream;
}

/** What a server may ask for with `retry:`. */
const RETRY = { leastMs: 100, mostMs: 60_000 };
/** Waits are longer or shorter by at most this share, so that not all clients come back at one moment. */
const JITTER = 0.2;
/** Nothing is to be had, and we are asked not to come back (WHATWG HTML, 9.2.3): we do, but seldom. */
const NO_CONTENT = 204;

/** Invariant: one connection at a time, and none before a server that asked for patience allows it. */
export class FollowedReading {
  readonly #settings: FollowedReadingSettings;
  readonly #backOff: BackOff;
  readonly #pace: Pace;
  /** The wait after a connection that was well. */
  #reconnectMs: number;
  /** A server asked for patience until then. */
  #early: { readonly until: number; readonly fault: Fault } | undefined;

  constructor(settings: FollowedReadingSettings) {
    const { backOff = BACK_OFF, clock, reconnectMs = 1_000 } = settings;
    this.#settings = settings;
    this.#backOff = backOff;
    this.#pace = new Pace({ everyMs: 0, jitter: 0, windows: [], backOff }, clock);
    this.#reconnectMs = reconnectMs;
  }

  /** Whether a stream is there: connects, looks at the head of the answer, and lets go. Throws FeedFault, BadFeed. */
  async probe(signal: AbortSignal): Promise<void> {
    const { clock } = this.#settings;
    if (this.#early !== undefined && clock.monotonic() < this.#early.until) throw this.#early.fault;
    try {
      const { stream } = await this.#open(undefined, signal);
      stream.close();
      this.#early = undefined;
    } catch (error) {
      if (!isFault(error)) throw error;
      this.#waitAfterFault(error);
      if (!isNoContent(error)) throw error; // that is an answer; reading waits
    }
  }

  /** Until `signal` aborts. `after`: where a former reading was; undefined: nowhere. */
  async *events(after: Position | undefined, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const { staleAfterMs, clock, name } = this.#settings;
    const contact = new Contact(staleAfterMs, () => clock.monotonic());
    const records = new StreamRecords(this.#settings, after, clock.now());
    const following: Following = { contact, records, signal, doubt: 'none' };
    const early = this.#early;
    contact.lose(`${name}: ${early === undefined ? 'there was no answer yet' : this.#reasonOf(early.fault)}`);
    let waitMs = Math.max(0, (early?.until ?? 0) - clock.monotonic());
    while (!signal.aborted) {
      if (waitMs > 0) yield* until(pause(waitMs, signal), contact);
      const outcome = signal.aborted ? undefined : yield* this.#connection(following);
      if (outcome === undefined) return;
      following.doubt = outcome.doubt;
      this.#tell(contact, outcome);
      waitMs = this.#waitAfter(outcome);
    }
  }

  /** From the request to the end, with what it brings on the way; undefined: the reading has ended. */
  async *#connection({
    contact,
    records,
    signal,
    doubt,
  }: Following): AsyncGenerator<SourceEvent, Outcome | undefined> {
    const { staleAfterMs, clock } = this.#settings;
    const trial = new StreamTrial(doubt, staleAfterMs, () => clock.monotonic());
    const ending = new AbortController();
    try {
      const opening = this.#open(records.lastEventId, AbortSignal.any([signal, ending.signal]));
      const opened = yield* until(opening, contact);
      trial.begin();
      return yield* this.#stream(opened, { contact, records, trial });
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!isFault(error)) throw error;
      return trial.failed(error);
    } finally {
      ending.abort();
    }
  }

  /** What one that is open brings, until it ends. */
  async *#stream(
    { stream, messages }: Opened,
    { contact, records, trial }: Pick<Following, 'contact' | 'records'> & { readonly trial: StreamTrial },
  ): AsyncGenerator<SourceEvent, Outcome> {
    const { idleTimeoutMs } = this.#settings;
    const events = connectionEvents({ chunks: stream.chunks, messages, records, idleTimeoutMs });
    try {
      for (;;) {
        const next = events.next();
        next.catch(() => undefined); // awaited below, unless the reading ends first
        while (!trial.isPassed && (await inTime(next, trial.remainingMs)) === 'late'); // timers may be early
        if (trial.isPassed && contact.regained()) yield { type: 'live' };
        const result = await next;
        if (result.done === true) {
          if (result.value === 'idle') return trial.idle(idleText(idleTimeoutMs));
          return trial.closed();
        }
        trial.message();
        if (trial.isPassed && contact.regained()) yield { type: 'live' };
        yield result.value;
      }
    } finally {
      stream.close();
      this.#heed(messages.retryMs);
    }
  }

  async #open(lastEventId: string | undefined, signal: AbortSignal): Promise<Opened> {
    const { client, request } = this.#settings;
    const { url, method, body } = request;
    const headers = {
      accept: STREAM_ACCEPT,
      'cache-control': 'no-cache',
      ...request.headers,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    };
    const stream = await client.open({ url, method, headers, body, signal });
    try {
      return { stream, messages: messageStreamOf(stream.headers['content-type'], this.#settings) };
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  #heed(retryMs: number | undefined): void {
    if (retryMs === undefined) return;
    this.#reconnectMs = Math.min(Math.max(retryMs, RETRY.leastMs), RETRY.mostMs);
  }

  #tell(contact: Contact, { reason, fault }: Outcome): void {
    const { name, log } = this.#settings;
    const text = `${name}: ${fault === undefined ? reason : this.#reasonOf(fault)}`;
    const isNew = contact.lose(text);
    if (isNew && fault !== undefined) log.warn('stream-lost', { endpoint: name, reason: text });
  }

  #reasonOf(fault: Fault): string {
    if (!isNoContent(fault)) return fault.message;
    return `the server says that there is nothing to follow (204 No Content); it is asked again every ${this.#backOff.longestMs / 1_000} s`;
  }

  /** ms until the next connection. */
  #waitAfter({ fault, hasLasted }: Outcome): number {
    if (fault === undefined || hasLasted) this.#pace.afterSuccess();
    return fault === undefined ? this.#about(this.#reconnectMs) : this.#waitAfterFault(fault);
  }

  #waitAfterFault(fault: Fault): number {
    const leastMs = isNoContent(fault) ? this.#backOff.longestMs : this.#reconnectMs;
    const waitMs = Math.max(this.#pace.afterFailure(fault), this.#about(leastMs));
    const isAsked = isNoContent(fault) || (fault instanceof FeedFault && fault.retryAfterMs !== undefined);
    this.#early = isAsked ? { until: this.#settings.clock.monotonic() + waitMs, fault } : undefined;
    return waitMs;
  }

  #about(ms: number): number {
    return ms * (1 + JITTER * (2 * this.#settings.clock.random() - 1));
  }
}

/** What `work` comes to; says in the middle of it that contact is lost, where that has lasted long enough by then. */
async function* until<T>(work: Promise<T>, contact: Contact): AsyncGenerator<SourceEvent, T> {
  work.catch(() => undefined); // awaited below, unless the reading ends first
  const staleMs = contact.untilStale();
  if (staleMs !== undefined && (await inTime(work, staleMs)) === 'late') yield contact.interruption();
  return await work;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function isFault(error: unknown): error is Fault {
  return error instanceof FeedFault || error instanceof BadFeed;
}

function isNoContent(fault: Fault): boolean {
  return fault instanceof FeedFault && fault.status === NO_CONTENT;
}

function idleText(idleTimeoutMs: number): string {
  return `nothing came for ${idleTimeoutMs / 1_000} s, not even a comment or an empty line, so the stream is opened anew; raise idleTimeout if the server is right to say nothing for longer`;
}
