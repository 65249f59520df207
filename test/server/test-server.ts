// A real public server on a free port, with a real fan-out behind it, whose values and time are the test's.

import { afterEach } from '@jest/globals';
import { SignJWT } from 'jose';
import { compilePolicy } from '../../src/entitle/policy.js';
import type { RuleConfig } from '../../src/entitle/rule.js';
import { FanOut } from '../../src/fanout/fan-out.js';
import { createAuthenticator, type AuthSettings } from '../../src/server/auth/authenticator.js';
import type { PageHandler } from '../../src/server/pages.js';
import { PublicServer, type ServerLimits } from '../../src/server/public-server.js';
import { createLog } from '../../src/telemetry/logger.js';
import { stringifyJson, type Json } from '../../src/topic/json.js';
import { parsePath } from '../../src/topic/path.js';
import { entryKeyOf, epochOf } from '../../src/topic/update.js';
import type { JsonText } from '../../src/topic/utf8.js';
import { HandClock } from './hand-clock.js';
import { TestClient, type ConnectOptions } from './test-client.js';
import { loopbackOutbound } from '../support/outbound.js';

export const SECRET = 'a secret of at least thirty-two bytes';
export const ISSUER = 'https://idp.example';
export const AUDIENCE = 'tailrace';

export const JWT_AUTH: AuthSettings = {
  kind: 'jwt',
  jwt: {
    key: { kind: 'secret', secret: { reveal: () => SECRET } },
    algorithms: ['HS256', 'HS384', 'HS512'],
    issuer: ISSUER,
    audience: AUDIENCE,
    roles: 'roles',
    leewayMs: 5_000,
    maxAgeMs: 24 * 3_600_000,
  },
  anonymous: undefined,
};

export const LIMITS: ServerLimits = {
  maxMessageBytes: 64 * 1024,
  authTimeoutMs: 10_000,
  filtersPerSession: 1_000,
  filters: 100_000,
  inboundPerSecond: 20,
  inboundBurst: 60,
  beatMs: 10_000,
  upgradesPerSecond: 200,
  unauthenticatedSessions: 1_000,
  sessions: 20_000,
};

const RULES: readonly RuleConfig[] = [{ allow: ['trader'], paths: ['prices/**'] }];

export interface TestServerOptions {
  readonly auth?: AuthSettings;
  readonly rules?: readonly RuleConfig[];
  readonly limits?: Partial<ServerLimits>;
  readonly origins?: readonly string[];
  readonly pages?: PageHandler;
  readonly requestMs?: number;
}

export interface LogEntry {
  readonly event: string;
  readonly [fact: string]: unknown;
}

export class TestServer {
  readonly clock = new HandClock();
  readonly log: LogEntry[] = [];
  readonly fanOut: FanOut;
  readonly server: PublicServer;
  readonly #clients: TestClient[] = [];
  #version = 1;
  #port = 0;

  private constructor(options: TestServerOptions) {
    const policy = compilePolicy(options.rules ?? RULES, 1);
    if (!policy.ok) throw new Error(JSON.stringify(policy.errors));
    const log = createLog({
      level: 'debug',
      style: 'json',
      write: (line) => this.log.push(JSON.parse(line) as LogEntry),
    });
    const { clock } = this;
    this.fanOut = new FanOut({
      clock,
      policy: policy.policy,
      limits: {
        conflateFromBytes: 256 * 1024,
        conflateAfterMs: 2_000,
        stallTimeoutMs: 30_000,
        visiblePathsPerSubscription: 10_000,
        beatMs: 10_000,
      },
      flushWindowMs: 0,
    });
    this.fanOut.partitionAdded({ x: 0, source: 'quotes', epoch: epochOf('e1'), part: 0 });
    this.server = new PublicServer({
      clock,
      log,
      fanOut: this.fanOut,
      authenticator: createAuthenticator(options.auth ?? JWT_AUTH, {
        ...{ clock, log, outbound: loopbackOutbound },
      }),
      listen: { host: '127.0.0.1', port: 0, origins: options.origins ?? [] },
      limits: { ...LIMITS, ...options.limits },
      ...(options.pages && { pages: options.pages }),
      ...(options.requestMs !== undefined && { requestMs: options.requestMs }),
    });
  }

  /** Listens, and is closed with all its clients when the test ends. */
  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const test = new TestServer(options);
    test.#port = (await test.server.listen()).port;
    running.push(test);
    return test;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  put(path: string, value: Json): void {
    this.#update(path, stringifyJson(value));
  }

  remove(path: string): void {
    this.#update(path, null);
  }

  #update(path: string, value: JsonText | null): void {
    const parsed = parsePath(path);
    if (!parsed.ok) throw new Error(parsed.fault);
    const update = { key: entryKeyOf('', parsed.path), path: parsed.path, value, at: this.clock.now() };
    this.fanOut.apply({ x: 0, first: this.#version++, readAt: update.at, updates: [update] });
  }

  /** Seconds of the server's clock, as tokens count. */
  seconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  token(o: { sub?: string; roles?: readonly string[]; expiresIn?: number } = {}): Promise<string> {
    const now = this.seconds();
    return new SignJWT({ roles: o.roles ?? ['trader'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(o.sub ?? 'ada')
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt(now)
      .setExpirationTime(now + (o.expiresIn ?? 3600))
      .sign(new TextEncoder().encode(SECRET));
  }

  async connect(options: ConnectOptions = {}): Promise<TestClient> {
    const client = await TestClient.connect(this.#port, options);
    this.#clients.push(client);
    return client;
  }

  /** An authenticated client, welcome read. */
  async session(o: { sub?: string; expiresIn?: number; acks?: boolean } = {}): Promise<TestClient> {
    const client = await this.connect();
    client.say({ op: 'auth', id: 1, token: await this.token(o), acks: o.acks ?? true });
    await client.untilControl('welcome');
    return client;
  }

  /** Why authentications were refused, and how often. */
  refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.server.traffic.authRefusals].filter(([, n]) => n > 0));
  }

  closes(): readonly LogEntry[] {
    return this.log.filter(({ event }) => event === 'session-closed');
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.terminate();
    const stopped = this.server.stop({ waitMs: 0, spreadMs: 0, graceMs: 1_000 });
    this.clock.pass(1_000);
    await stopped;
    this.fanOut.stop();
  }
}

const running: TestServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((test) => test.close()));
});
