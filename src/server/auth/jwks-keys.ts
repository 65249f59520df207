// The issuer's public keys, fetched from its JWKS address and kept. jose's own remote set is not used: while the address is
// down it fetches for every unknown key id, and it refuses good tokens once its cache is ten minutes old.

import type { Outbound } from '../../../connectors/contract.js';
import type { Clock } from '../../clock.js';
import type { Log } from '../../telemetry/logger.js';
import type { Ms } from '../../topic/update.js';
import { KeysUnavailable, keySetOf, NoMatchingKey, type KeyLookup } from './jose.js';

/** Between two fetches, however they ended. */
const COOL_DOWN_MS = 30_000;
/** Age at which keys are fetched anew: a key that the issuer has withdrawn is trusted no longer than this. */
const FRESH_MS = 10 * 60_000;
/** While the address is down, the keys that were there last are good for this long. */
const STALE_OK_MS = 24 * 3_600_000;
const FETCH_TIMEOUT_MS = 5_000;

/** What keys are fetched with. */
export interface KeyContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly outbound: Pick<Outbound, 'fetch'>;
}

/** Invariant: at most one fetch begins per 30 s, and no key is used longer than 24 h after the last answer that had it. */
export class JwksKeys {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outbound: KeyContext['outbound'];
  #keys: { readonly find: KeyLookup; readonly at: Ms } | undefined;
  #lastFetchAt = -Infinity;
  #fetching: Promise<void> | undefined;

  constructor(url: string, context: KeyContext) {
    this.#url = url;
    this.#clock = context.clock;
    this.#log = context.log;
    this.#outbound = context.outbound;
  }

  readonly find: KeyLookup = async (header, token) => {
    if (this.#age() >= FRESH_MS) await this.#refresh();
    const before = this.#usable();
    try {
      return await before(header, token);
    } catch (error) {
      if (!(error instanceof NoMatchingKey)) throw error;
      await this.#refresh(); // the issuer may have a new key
      const after = this.#usable();
      if (after === before) throw error;
      return after(header, token);
    }
  };

  #usable(): KeyLookup {
    if (this.#keys === undefined || this.#age() > STALE_OK_MS) throw new KeysUnavailable();
    return this.#keys.find;
  }

  #age(): Ms {
    return this.#keys === undefined ? Infinity : this.#clock.monotonic() - this.#keys.at;
  }

  #refresh(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching;
    const now = this.#clock.monotonic();
    if (now - this.#lastFetchAt < COOL_DOWN_MS) return Promise.resolve();
    this.#lastFetchAt = now;
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    try {
      const response = await this.#outbound.fetch(this.#url, {
        signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
        headers: { accept: 'application/json' },
      });
      if (!response.ok) throw new Error(`the address answered ${response.status}`);
      this.#keys = { find: keySetOf(await response.json()), at: this.#clock.monotonic() };
    } catch (error) {
      this.#log.warn('jwks-unavailable', { url: this.#url, error, keysAgeMs: this.#keys && this.#age() });
    }
  }
}
