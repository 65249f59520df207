// Takes requests: checks each at the door, has it wait for its place in the log, and says what became of it.

import { createHash } from 'node:crypto';
import type { ReceivedRequest, Receiver, ReceiverAnswer } from '../contract.js';
import type { PushSettings } from './options.js';
import { CONTENT_TYPES, formOf, parseBody, type Mistake } from './pushed-body.js';
import { RememberedAnswers } from './remembered-answers.js';
import { costOf, type Outcome, type WaitingRequests } from './waiting-requests.js';

/** What a refused sender can tell apart. */
type RefusalCode =
  | Mistake['code']
  /** None of the types that are read. */
  | 'unsupported'
  /** As much waits as may. */
  | 'busy'
  /** The source stops or has stopped; of a request that was waiting nobody knows whether it was taken. */
  | 'stopped'
  /** The key is empty or too long. */
  | 'idempotency_key'
  /** Under this key something else was sent. */
  | 'idempotency_conflict';

const LONGEST_KEY = 255;
const NOTHING: Outcome = { kind: 'durable', accepted: 0, rejections: { count: 0, listed: [] } };
const STOPPED = refusal(
  503,
  { code: 'stopped', message: 'the source is not running: send again' },
  { 'Retry-After': '5' },
);
const BUSY = refusal(
  503,
  { code: 'busy', message: 'too many requests wait for their answer: send again' },
  { 'Retry-After': '1' },
);
const UNSUPPORTED = refusal(415, {
  code: 'unsupported',
  message: `Content-Type must be one of ${[...CONTENT_TYPES].join(', ')}`,
});
const KEY_REFUSED = refusal(400, {
  code: 'idempotency_key',
  message: `Idempotency-Key must have 1 to ${LONGEST_KEY} characters`,
});
const KEY_CONFLICT = refusal(422, {
  code: 'idempotency_conflict',
  message: 'another request was sent under this Idempotency-Key',
});

/** Invariant: each request is answered once: with what became of its records, or that none was taken, or that nobody knows. */
export class PushReceiver implements Receiver {
  settings: PushSettings;
  readonly #waiting: WaitingRequests;
  readonly #since: number;
  readonly #remembered = new RememberedAnswers(() => performance.now());
  #isStopped = false;

  /** `since`: when the source began with nothing, ms since 1970; senders who see it change know that all they sent is gone. */
  constructor(settings: PushSettings, waiting: WaitingRequests, since: number) {
    this.settings = settings;
    this.#waiting = waiting;
    this.#since = since;
  }

  get token(): string | undefined {
    return this.settings.token;
  }

  get maxBodyBytes(): number {
    return this.settings.maxBodyBytes;
  }

  /** Nothing is taken from here on. */
  stop(): void {
    this.#isStopped = true;
  }

  async receive(request: ReceivedRequest): Promise<ReceiverAnswer> {
    const { idempotencyKey, body, contentType } = request;
    if (this.#isStopped) return STOPPED;
    if (idempotencyKey === undefined) return this.#take(request);
    if (idempotencyKey === '' || idempotencyKey.length > LONGEST_KEY) return KEY_REFUSED;
    const digest = createHash('sha256').update(`${contentType}\n`).update(body).digest('base64');
    const recalled = this.#remembered.recall(idempotencyKey, digest, this.#memoryLimits());
    switch (recalled.kind) {
      case 'other request':
        return KEY_CONFLICT;
      case 'same request':
        return this.#again(request, recalled.answer);
      case 'unknown': {
        const answer = this.#take(request);
        this.#remembered.remember(idempotencyKey, digest, answer, () => this.#memoryLimits());
        return answer;
      }
    }
  }

  /** A request whose like has been sent: it waits for the same answer, and takes room meanwhile. */
  async #again({ body, signal }: ReceivedRequest, answer: Promise<ReceiverAnswer>): Promise<ReceiverAnswer> {
    const cost = costOf(body.length, []);
    if (!this.#waiting.hasRoom(cost, this.settings.maxWaitingBytes)) return BUSY;
    const release = this.#waiting.reserve(cost);
    const first = await Promise.race([answer, gone(signal)]);
    release();
    return first.status === 200
      ? { ...first, headers: { ...first.headers, 'Idempotency-Replayed': 'true' } }
      : first;
  }

  async #take({ body, contentType }: ReceivedRequest): Promise<ReceiverAnswer> {
    const form = formOf(contentType);
    if (form === undefined) return UNSUPPORTED;
    const { maxWaitingBytes, recordsPerRequest } = this.settings;
    // Asked before the body is parsed as well, so that a sender who does not wait costs little.
    if (!this.#waiting.hasRoom(costOf(body.length, []), maxWaitingBytes)) return BUSY;
    const parsed = parseBody(body, form, recordsPerRequest);
    if (!parsed.ok) return mistaken(parsed.mistake);
    const { records } = parsed;
    if (records.length === 0) return this.#answer(NOTHING);
    const cost = costOf(body.length, records);
    if (!this.#waiting.hasRoom(cost, maxWaitingBytes)) return BUSY;
    return this.#answer(await this.#waiting.add(records, cost));
  }

  #answer(outcome: Outcome): ReceiverAnswer {
    if (outcome.kind === 'stopped') return STOPPED;
    const { accepted, rejections } = outcome;
    const { count: rejectedCount, listed: rejected } = rejections;
    return { status: 200, body: { accepted, rejectedCount, rejected, since: this.#since } };
  }

  #memoryLimits() {
    return { keys: this.settings.idempotencyKeys, ms: this.settings.idempotencyMs };
  }
}

function mistaken({ code, message, index }: Mistake): ReceiverAnswer {
  const status = code === 'too_many_records' ? 413 : 400;
  return refusal(status, { code, message, ...(index !== undefined && { index }) });
}

/** Lets go of a request that nobody waits for any more; what it answers is not seen. */
function gone(signal: AbortSignal): Promise<ReceiverAnswer> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(STOPPED);
    else signal.addEventListener('abort', () => resolve(STOPPED), { once: true });
  });
}

function refusal(
  status: number,
  error: { readonly code: RefusalCode; readonly message: string; readonly index?: number },
  headers: Readonly<Record<string, string>> = {},
): ReceiverAnswer {
  return { status, body: { error }, headers };
}
