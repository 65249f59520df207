// Everything that asks by HTTP, each as a function that asks one URL and rejects where nothing comes of it.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Outbound } from '../../connectors/contract.js';
import { FeedClient } from '../../connectors/rest/client/feed-client.js';
import { contactRegistry } from '../../src/cli/registry-contact.js';
import { systemClock } from '../../src/clock.js';
import { RegistryClient } from '../../src/decode/registry/registry-client.js';
import { OAuthTokens } from '../../src/kafka/oauth-token.js';
import { JwksKeys } from '../../src/server/auth/jwks-keys.js';
import { createLog } from '../../src/telemetry/logger.js';

export type Ask = (url: string, outbound: Outbound) => Promise<unknown>;

const FEED = { timeoutMs: 5_000, maxBytes: 1024, auth: undefined, tls: undefined };

export const CLIENTS: Readonly<Record<string, Ask>> = {
  'the agents': (url, { httpAgent, httpsAgent }) =>
    new Promise((resolve, reject) => {
      const [send, agent] = url.startsWith('https:') ? [httpsRequest, httpsAgent] : [httpRequest, httpAgent];
      send(url, { agent }, (answer) => resolve(answer.resume()))
        .on('error', reject)
        .end();
    }),
  'the agents, the host as it is written': (url, { httpAgent }) =>
    new Promise((resolve, reject) => {
      const [, host, port] = /^[^/]*\/*(?:[^/@]*@)?(\[[^\]]*\]|[^/:#\\]*)(?::(\d+))?/.exec(url) ?? [];
      const target = { agent: httpAgent, host: host?.replace(/^\[|\]$/g, ''), port: port ?? 80 };
      httpRequest(target, (answer) => resolve(answer.resume()))
        .on('error', reject)
        .end();
    }),
  fetch: async (url, outbound) => expectOk(await outbound.fetch(url)),
  'a REST feed': (url, outbound) =>
    new FeedClient({ ...FEED, redirects: 'none' }, outbound).request(toFeed(url)),
  'a REST feed that follows redirects': (url, outbound) =>
    new FeedClient({ ...FEED, redirects: 'same-origin' }, outbound).request(toFeed(url)),
  'a REST stream': (url, outbound) =>
    new FeedClient({ ...FEED, redirects: 'none' }, outbound).open(toFeed(url)),
  'the tokens of a REST feed': (url, outbound) => {
    const oauth2 = { tokenUrl: url, clientId: 'c', clientSecret: 's' };
    const client = new FeedClient({ ...FEED, redirects: 'none', auth: { oauth2 } }, outbound);
    return client.request(toFeed('http://feeds.example/'));
  },
  'the signing keys (JWKS)': (url, outbound) => {
    const log = createLog({ level: 'error', style: 'json', write: () => undefined });
    const { find } = new JwksKeys(url, { clock: systemClock, log, outbound });
    return Promise.resolve(find({ alg: 'ES256', kid: 'k' }, { payload: '', signature: '' }));
  },
  'the schema registry': (url, outbound) => registryAt(url, outbound).byId(1),
  'the schema registry, with authorities': (url, outbound) => registryAt(url, outbound, 'PEM').byId(1),
  'the schema registry in `check --connect`': (url, outbound) => {
    const registry = { url, login: undefined, ca: undefined, timeoutMs: 5_000, readerSchema: {} };
    return contactRegistry(registry, { signal: AbortSignal.timeout(5_000), outbound });
  },
  'the tokens of Kafka (OAUTHBEARER)': (url, outbound) =>
    new OAuthTokens({ tokenUrl: url, clientId: 'c', clientSecret: 's' }, outbound).current(),
};

function registryAt(url: string, outbound: Outbound, ca?: string): RegistryClient {
  return new RegistryClient({ url, ca, timeoutMs: 5_000, clock: systemClock, outbound });
}

function toFeed(url: string) {
  return { url: new URL(url), method: 'GET', headers: {}, signal: AbortSignal.timeout(5_000) } as const;
}

function expectOk(response: Response): Response {
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response;
}
