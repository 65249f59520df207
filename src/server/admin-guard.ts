// Who may use the operator's API: whoever has the token. Guessing is slow, and seen.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';
import { refusal, type Answer } from './admin-api.js';
import { RateLimit } from './limits.js';
import { bearerToken } from './origin.js';
import { count } from './traffic.js';

/** A token that the configuration keeps sealed. */
export interface SealedToken {
  reveal(): string;
}

/** Why somebody was not let in. */
export const ADMIN_REFUSALS = ['no_token', 'wrong_token', 'too_many', 'not_configured'] as const;
export type AdminRefusal = (typeof ADMIN_REFUSALS)[number];

const WRONG_PER_WINDOW = 10;
const WINDOW_MS: Ms = 60_000;
/** Addresses that are remembered; beyond, the one that has been known for longest is forgotten. */
const MAX_REMOTES = 1_000;
const LOG_LINES = { perSecond: 0.2, burst: 10 };
const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="tailrace admin"' };

interface Guesses {
  wrong: number;
  readonly since: Ms;
}

/** What is right where no token is. */
const NOBODYS = randomBytes(32);

/** Invariant: only the right token is let in, and nobody without one. Of the admin token, that of the last {@link useToken}, the hash alone is kept. */
export class AdminGuard {
  /** Since the start, for metrics. */
  readonly refusals = new Map<AdminRefusal, number>(ADMIN_REFUSALS.map((why) => [why, 0]));
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lines: RateLimit;
  /** By address. Apart, so that a sender with a wrong token does not shut the operator out who comes from the same address. */
  readonly #guesses = { admin: new Map<string, Guesses>(), sender: new Map<string, Guesses>() };
  #expected: Buffer | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#lines = new RateLimit(clock, LOG_LINES);
  }

  /** From here on this one is right. Undefined: none is. */
  useToken(token: SealedToken | undefined): void {
    this.#expected = token === undefined ? undefined : digest(token.reveal());
  }

  /** Undefined: let it in. */
  check(request: IncomingMessage): Answer | undefined {
    if (this.#expected === undefined) return this.#refuse('not_configured');
    return this.#compare(request, this.#expected, this.#guesses.admin);
  }

  /**
   * For who has `token`; undefined: the admin token. Undefined: let it in. Whether there is a token of its own, and an admin token,
   * makes no difference to who has neither.
   */
  checkSender(request: IncomingMessage, token: string | undefined): Answer | undefined {
    const own = digest(token ?? '');
    const expected = token === undefined ? (this.#expected ?? NOBODYS) : own;
    return this.#compare(request, expected, this.#guesses.sender);
  }

  #compare(request: IncomingMessage, expected: Buffer, guesses: Map<string, Guesses>): Answer | undefined {
    const remote = request.socket.remoteAddress ?? '';
    const given = bearerToken(request.headers.authorization);
    if (given === undefined) return this.#refuse('no_token');
    const waitMs = this.#waitMs(guesses.get(remote));
    if (waitMs > 0) return this.#refuse('too_many', waitMs);
    if (given !== null && timingSafeEqual(digest(given), expected)) return undefined;
    this.#noteWrong(remote, guesses);
    return this.#refuse('wrong_token');
  }

  #refuse(why: AdminRefusal, waitMs: Ms = 0): Answer {
    count(this.refusals, why);
    switch (why) {
      case 'not_configured':
        return refusal(403, {
          code: 'not_permitted',
          message: 'no admin token is configured: set admin.token, or the variable TAILRACE__ADMIN__TOKEN',
        });
      case 'no_token':
        return refusal(401, { code: 'unauthenticated', message: 'send Authorization: Bearer' }, CHALLENGE);
      case 'wrong_token':
        return refusal(
          401,
          { code: 'unauthenticated', message: 'the token is not the right one' },
          CHALLENGE,
        );
      case 'too_many':
        return refusal(
          429,
          { code: 'rate', message: 'too many wrong tokens from this address' },
          { 'Retry-After': String(Math.ceil(waitMs / 1_000)) },
        );
    }
  }

  /** How long nothing from this address is looked at. */
  #waitMs(guesses: Guesses | undefined): Ms {
    if (guesses === undefined || guesses.wrong < WRONG_PER_WINDOW) return 0;
    return Math.max(0, guesses.since + WINDOW_MS - this.#clock.monotonic());
  }

  #noteWrong(remote: string, known: Map<string, Guesses>): void {
    const now = this.#clock.monotonic();
    let guesses = known.get(remote);
    if (guesses === undefined || now - guesses.since >= WINDOW_MS) {
      known.delete(remote);
      known.set(remote, (guesses = { wrong: 0, since: now }));
      const [oldest] = known.keys();
      if (known.size > MAX_REMOTES && oldest !== undefined) known.delete(oldest);
    }
    guesses.wrong += 1;
    if (this.#lines.take()) this.#log.warn('admin-token-refused', { remote, wrong: guesses.wrong });
  }
}

/** Of one length whatever is hashed, so that comparing tells neither content nor length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
