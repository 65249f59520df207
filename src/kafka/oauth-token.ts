// Access tokens for brokers, from an OAuth 2 token endpoint by the client credentials grant (RFC 6749, 4.4). Kept until shortly before
// they expire. Which addresses may be asked is the agents' business.

import { request as httpRequest, type Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type Agent as HttpsAgent } from 'node:https';

import { KafkaRefused, KafkaUnreachable, tlsRefusal } from './access-error.js';

export interface OAuthSettings {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  readonly audience?: string;
  /** Further parameters of the request. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Authorities to trust at `tokenUrl`, PEM. */
  readonly ca?: string;
  /** For the whole answer. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Whose connections lead out of the process. They may fail with an error named AddressRefused, whose message says why. */
export interface TokenAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

interface Token {
  readonly value: string;
  /** Monotonic times. It is renewed from the first on, while it is good until the second. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;
/** An endpoint that does not say how long a token lasts: one that is not a JWT is asked for as often as this. */
const UNKNOWN_LIFETIME_MS = 60_000;
/** Share of its life after which a token is renewed. */
const RENEW_AFTER = 0.8;

/** Invariant: at most one request at a time, and none while the token is fresh. */
export class OAuthTokens {
  readonly #settings: OAuthSettings;
  readonly #agents: TokenAgents;
  #token: Token | undefined;
  #asked: Promise<Token> | undefined;

  constructor(settings: OAuthSettings, agents: TokenAgents) {
    this.#settings = settings;
    this.#agents = agents;
  }

  /** A token that has not expired. Throws KafkaRefused where the endpoint will not give one, KafkaUnreachable. */
  async current(): Promise<string> {
    const known = this.#token;
    const now = performance.now();
    if (known !== undefined && now < known.renewAt) return known.value;
    try {
      this.#asked ??= this.#ask().finally(() => (this.#asked = undefined));
      this.#token = await this.#asked;
      return this.#token.value;
    } catch (error) {
      if (known !== undefined && error instanceof KafkaUnreachable && performance.now() < known.expiresAt)
        return known.value;
      throw error;
    }
  }

  async #ask(): Promise<Token> {
    const askedAt = performance.now();
    const { tokenUrl } = this.#settings;
    const answer = await post(this.#settings, this.#agents);
    const { status, fields } = answer;
    if (status === 429 || status >= 500)
      throw new KafkaUnreachable(`token endpoint ${tokenUrl}: it answers with status ${status}`);
    if (status >= 300) throw new KafkaRefused(`token endpoint ${tokenUrl}: ${refusalText(answer)}`);
    const { access_token: value } = fields;
    if (typeof value !== 'string' || value === '')
      throw new KafkaRefused(
        `token endpoint ${tokenUrl}: the answer has no access_token; is \`sasl.tokenUrl\` the URL of the token endpoint itself?`,
      );
    const lifetimeMs = lifetimeOf(value, fields['expires_in'], answer.atMs);
    return { value, renewAt: askedAt + lifetimeMs * RENEW_AFTER, expiresAt: askedAt + lifetimeMs };
  }
}

interface Answer {
  readonly status: number;
  /** Empty when the body is no JSON object. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** When it came, by the endpoint's clock where it says so: ms since 1970. */
  readonly atMs: number;
}

function post(settings: OAuthSettings, agents: TokenAgents): Promise<Answer> {
  const { tokenUrl, clientId, clientSecret, scope, audience, parameters, ca } = settings;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined) form.set('scope', scope);
  if (audience !== undefined) form.set('audience', audience);
  for (const [name, value] of Object.entries(parameters ?? {})) form.set(name, value);
  const body = form.toString();
  const login = [clientId, clientSecret].map(formEncoded).join(':');
  const timeoutMs = settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const isSecure = tokenUrl.startsWith('https:');
  const options = {
    method: 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(login).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    },
    agent: isSecure ? agents.httpsAgent : agents.httpAgent,
    signal: AbortSignal.timeout(timeoutMs),
    ...(ca !== undefined && { ca }),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(requestError(error, settings, timeoutMs));
    try {
      const send = isSecure ? httpsRequest : httpRequest;
      const sent = send(tokenUrl, options, (answer) => void readAnswer(answer).then(resolve, fail));
      sent.on('error', fail);
      sent.end(body);
    } catch (error) {
      fail(error);
    }
  });
}

async function readAnswer(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  const date = Date.parse(answer.headers.date ?? '');
  const atMs = Number.isNaN(date) ? Date.now() : date;
  return { status: answer.statusCode ?? 0, fields: parseObject(Buffer.concat(chunks).toString()), atMs };
}

function requestError(
  error: unknown,
  { tokenUrl }: OAuthSettings,
  timeoutMs: number,
): KafkaRefused | KafkaUnreachable {
  const where = `token endpoint ${tokenUrl}`;
  const { code: given, name, message } = error as Partial<Readonly<Record<string, unknown>>>;
  if (name === 'AddressRefused') return new KafkaRefused(`${where}: ${String(message)}`, { cause: error });
  const code = typeof given === 'string' ? given : '';
  if (code === 'ERR_INVALID_URL')
    return new KafkaRefused(`${where}: \`sasl.tokenUrl\` is not a URL`, { cause: error });
  const refusal = tlsRefusal(code, '`sasl.ca`');
  if (refusal !== undefined) return new KafkaRefused(`${where}: ${refusal}`, { cause: error });
  const isLate = name === 'AbortError' || name === 'TimeoutError';
  const reason = isLate ? `no answer within ${timeoutMs} ms` : code || String(error);
  return new KafkaUnreachable(`${where} is unreachable: ${reason}`, { cause: error });
}

/** RFC 6749, 5.2. What the endpoint says is shown: it does not repeat secrets. */
function refusalText({ status, fields }: Answer): string {
  if (status < 400)
    return `it answers with a redirect (status ${status}); set \`sasl.tokenUrl\` to where it leads`;
  const { error, error_description: description } = fields;
  if (typeof error !== 'string')
    return `it refuses (status ${status}); check \`sasl.tokenUrl\` and \`sasl.clientId\``;
  const said = typeof description === 'string' ? `${error}: ${description}` : error;
  return `it refuses (${visible(said)}); check ${OPTIONS_OF[error] ?? 'the options of `sasl`'}`;
}

const OPTIONS_OF: Readonly<Record<string, string | undefined>> = {
  invalid_client: '`sasl.clientId` and `sasl.clientSecret`',
  unauthorized_client: 'whether this client may use the client credentials grant',
  invalid_scope: '`sasl.scope`',
  invalid_target: '`sasl.audience`',
};

function visible(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
}

/** ms that the token lasts: as the endpoint says, else as the token itself does. */
function lifetimeOf(token: string, expiresIn: unknown, atMs: number): number {
  const seconds = typeof expiresIn === 'string' ? Number(expiresIn) : expiresIn;
  if (typeof seconds === 'number' && seconds > 0) return Math.min(seconds, 86_400) * 1_000;
  const { exp } = parseObject(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return typeof exp === 'number' ? Math.max(0, exp * 1_000 - atMs) : UNKNOWN_LIFETIME_MS;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** As RFC 6749, 2.3.1 wants both halves of the login. */
function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length);
}
