// Access tokens by the client credentials grant (RFC 6749, 4.4). The only file that knows oauth4webapi, whose errors go no further: they
// carry the answers of the token endpoint, and those carry tokens.

import * as oauth from 'oauth4webapi';

import { OptionsRejected, type Outbound } from '../../contract.js';
import { unlessAborted } from './deadline.js';
import { FeedFault, networkFault, shownUrl } from './feed-fault.js';
import { valueFault } from './header-field.js';
import type { OAuth2Options } from './access-options.js';
import { retryAfterMs } from './retry-after.js';

export interface TokenMeans {
  readonly fetch: Outbound['fetch'];
  /** For one answer of the token endpoint. */
  readonly timeoutMs: number;
  /** Monotonic, ms. Default: that of the process. */
  readonly now?: () => number;
}

export interface AccessToken {
  readonly value: string;
  /** It was made for whoever asked. */
  readonly isNew: boolean;
}

interface KeptToken {
  readonly value: string;
  /** Monotonic times: it is made anew from the first on, while it is good until the second. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** Share of its life after which a token is made anew. */
const RENEW_AFTER = 0.8;
/** Of a token whose endpoint does not say how long it lasts. */
const UNKNOWN_LIFETIME_MS = 60_000;
/** Between two attempts to replace a token that is still good, at most. */
const RETRY_MS = 30_000;

/** Invariant: at most one request to the token endpoint at a time, and none while the token is fresh. */
export class AccessTokens {
  readonly #options: OAuth2Options;
  readonly #tokenUrl: URL;
  readonly #means: TokenMeans;
  readonly #now: () => number;
  #kept: KeptToken | undefined;
  #asked: Promise<KeptToken> | undefined;

  /** Throws OptionsRejected. */
  constructor(options: OAuth2Options, means: TokenMeans) {
    if (!URL.canParse(options.tokenUrl)) throw new OptionsRejected('auth.oauth2.tokenUrl: it is not a URL');
    this.#tokenUrl = new URL(options.tokenUrl);
    if (this.#tokenUrl.username !== '' || this.#tokenUrl.password !== '')
      throw new OptionsRejected(
        'auth.oauth2.tokenUrl: user and password belong into clientId and clientSecret',
      );
    this.#options = options;
    this.#means = means;
    this.#now = means.now ?? (() => performance.now());
  }

  /** A token that is good, and is not `refused`. Throws FeedFault, and the reason of `signal`, which ends the wait alone. */
  async current(signal: AbortSignal, refused?: string): Promise<AccessToken> {
    if (this.#kept?.value === refused) this.#kept = undefined;
    const kept = this.#kept;
    const now = this.#now();
    if (kept !== undefined && now < kept.renewAt) return { value: kept.value, isNew: false };
    this.#asked ??= this.#ask().finally(() => (this.#asked = undefined));
    try {
      const { value } = await unlessAborted(this.#asked, signal);
      return { value, isNew: true };
    } catch (error) {
      if (kept === undefined || !isPassing(error) || this.#now() >= kept.expiresAt) throw error;
      this.#kept = { ...kept, renewAt: this.#now() + Math.min(RETRY_MS, (kept.expiresAt - this.#now()) / 2) };
      return { value: kept.value, isNew: false };
    }
  }

  async #ask(): Promise<KeptToken> {
    const askedAt = this.#now();
    const { access_token: value, expires_in: lifetimeS } = await this.#answer();
    const fault = valueFault(value);
    if (fault !== undefined) throw this.#fault('bad', `its token ${fault}`);
    const lifetimeMs = lifetimeS === undefined ? UNKNOWN_LIFETIME_MS : lifetimeS * 1000;
    this.#kept = {
      value,
      renewAt: askedAt + lifetimeMs * RENEW_AFTER,
      expiresAt: askedAt + lifetimeMs,
    };
    return this.#kept;
  }

  async #answer(): Promise<oauth.TokenEndpointResponse> {
    const { clientId, clientSecret, clientAuth = 'basic', scope, audience } = this.#options;
    const server = { issuer: this.#tokenUrl.origin, token_endpoint: this.#tokenUrl.href };
    const client = { client_id: clientId };
    const login = clientAuth === 'basic' ? oauth.ClientSecretBasic : oauth.ClientSecretPost;
    const asked = { ...(scope !== undefined && { scope }), ...(audience !== undefined && { audience }) };
    const signal = AbortSignal.timeout(Math.ceil(this.#means.timeoutMs));
    let response: Response;
    try {
      response = await oauth.clientCredentialsGrantRequest(server, client, login(clientSecret), asked, {
        [oauth.customFetch]: (url, { body, headers, method }) =>
          this.#means.fetch(url, { body: body.toString(), headers, method, redirect: 'manual', signal }),
        [oauth.allowInsecureRequests]: this.#tokenUrl.protocol === 'http:',
      });
    } catch (error) {
      throw this.#requestFault(error, signal);
    }
    if (response.status !== 200) throw await this.#statusFault(response);
    try {
      return await oauth.processClientCredentialsResponse(server, client, response);
    } catch {
      throw this.#fault('bad', 'its answer has no bearer token; is it the token endpoint itself?');
    }
  }

  #requestFault(error: unknown, signal: AbortSignal): FeedFault {
    const name = error instanceof Error ? error.name : '';
    if (signal.aborted || name === 'TimeoutError')
      return this.#fault('unreachable', 'no answer in time; check the network, firewalls, and the address');
    const caused = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
    return networkFault(caused, this.#place, 'add to the file that NODE_EXTRA_CA_CERTS names');
  }

  async #statusFault(response: Response): Promise<FeedFault> {
    const { status } = response;
    const reason = reasonOf(await response.text().catch(() => ''));
    const said = reason === undefined ? `status ${status}` : `status ${status}, ${reason}`;
    const asked = [429, 503].includes(status)
      ? retryAfterMs(Object.fromEntries(response.headers), Date.now())
      : undefined;
    const details = { retryAfterMs: asked };
    if (status === 429 || status >= 500)
      return this.#fault('unreachable', `it gives no token (${said})`, details);
    if (status >= 300 && status < 400)
      return this.#fault(
        'refused',
        `it redirects (${said}); set \`auth.oauth2.tokenUrl\` to where tokens are had`,
      );
    return this.#fault(
      'refused',
      `it refuses a token (${said}); check \`clientId\`, \`clientSecret\`, \`clientAuth\` and \`scope\` of \`auth.oauth2\``,
    );
  }

  get #place(): string {
    return `token endpoint ${shownUrl(this.#tokenUrl)}`;
  }

  #fault(kind: FeedFault['kind'], text: string, details = {}): FeedFault {
    return new FeedFault(kind, `${this.#place}: ${text}`, details);
  }
}

/** Whether it says nothing about the client: the token that there is can be used meanwhile. */
function isPassing(error: unknown): boolean {
  return error instanceof FeedFault && error.kind !== 'refused';
}

/** `error` of an answer by RFC 6749, 5.2, where it is of the form that the RFC's own codes have. */
function reasonOf(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { readonly error?: unknown };
    return typeof error === 'string' && /^[a-z]+(_[a-z]+){1,4}$/.test(error) ? error : undefined;
  } catch {
    return undefined;
  }
}
