// F17: what each of those who ask by HTTP makes of an address that is refused, so that an operator knows what to write; and that
// certificates of an authority of one's own still count.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OptionsRejected } from '../../connectors/contract.js';
import { contactRegistry } from '../../src/cli/registry-contact.js';
import { systemClock } from '../../src/clock.js';
import { SchemasUnavailable } from '../../src/decode/decoder.js';
import { RegistryClient } from '../../src/decode/registry/registry-client.js';
import { KafkaRefused } from '../../src/kafka/access-error.js';
import { kafkaCluster } from '../../src/kafka/cluster.js';
import { OAuthTokens } from '../../src/kafka/oauth-token.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { JwksKeys } from '../../src/server/auth/jwks-keys.js';
import { createLog } from '../../src/telemetry/logger.js';
import { authority, type Authority } from '../support/certificates.js';

const METADATA = 'http://[::ffff:169.254.169.254]/latest';
const SENTENCE =
  '169.254.169.254, which is a link-local address; if that is meant, add 169.254.169.254/32 to outbound.allow';
const closed = createOutbound({ allow: [] });
const open = createOutbound({ allow: ['loopback'] });

const registryAt = (url: string, outbound = closed, ca?: string) =>
  new RegistryClient({ url, ca, timeoutMs: 5_000, clock: systemClock, outbound });
const contact = (url: string, outbound = closed, ca?: string) =>
  contactRegistry(
    { url, ca, login: undefined, timeoutMs: 5_000, readerSchema: {} },
    {
      ...{ signal: AbortSignal.timeout(5_000), outbound },
    },
  );
const tokensAt = (tokenUrl: string, outbound = closed, ca?: string) =>
  new OAuthTokens({ tokenUrl, clientId: 'c', clientSecret: 's', ...(ca !== undefined && { ca }) }, outbound);

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('F17 what to allow is said', () => {
  test('by the log where signing keys cannot be had', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warn', style: 'json', write: (line) => void lines.push(line) });
    const keys = new JwksKeys(METADATA, { clock: systemClock, log, outbound: closed });
    await failureOf(Promise.resolve(keys.find({ alg: 'ES256' }, { payload: '', signature: '' })));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'jwks-unavailable' });
    expect(lines[0]).toContain(SENTENCE);
  });

  test('by records that wait for their schemas', async () => {
    const failure = await failureOf(registryAt(METADATA).byId(1));
    expect(failure).toBeInstanceOf(SchemasUnavailable);
    expect((failure as Error).message).toContain(SENTENCE);
  });

  test('by `check --connect`, of a schema registry', async () => {
    const failure = await failureOf(contact(METADATA));
    expect(failure).toBeInstanceOf(OptionsRejected);
    expect((failure as Error).message).toContain(SENTENCE);
  });

  test('by a Kafka source that logs in with tokens, which then stops', async () => {
    const failure = await failureOf(tokensAt(METADATA).current());
    expect(failure).toBeInstanceOf(KafkaRefused);
    expect((failure as Error).message).toContain(SENTENCE);
  });
});

test('F17 no token is asked for where nobody says how', () => {
  const sasl = { mechanism: 'oauthbearer', tokenUrl: METADATA, clientId: 'c', clientSecret: 's' } as const;
  expect(() => kafkaCluster({ brokers: ['127.0.0.1:1'], clientId: 'c', sasl })).toThrow('agents');
});

describe('an authority of one’s own', () => {
  let folder: string;
  let own: Authority;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tailrace-outbound-'));
    own = await authority(folder, 'own');
    const { cert, key } = await own.sign('localhost', { names: 'DNS:localhost' });
    const answers: Readonly<Record<string, object>> = {
      '/subjects': [],
      '/schemas/ids/1': { schema: '"string"' },
      '/token': { access_token: 'good', expires_in: 60 },
    };
    server = createServer({ cert, key }, (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answers[request.url ?? '']));
    });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    url = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('counts for whoever names it, on the way out too, and for nobody else', async () => {
    expect((await registryAt(url, open, own.ca).byId(1))?.schema).toBe('"string"');
    expect(await contact(url, open, own.ca)).toEqual({ subjects: 0 });
    expect(await tokensAt(`${url}/token`, open, own.ca).current()).toBe('good');
    for (const ask of whoever(url, open))
      expect(String(await failureOf(ask()))).toMatch(/certificate|ca of schemaRegistry|sasl\.ca/);
  });

  test('F17 opens no other way', async () => {
    for (const ask of whoever(url, closed, own.ca))
      expect(String(await failureOf(ask()))).toMatch(
        /localhost resolves to .* which is a loopback address.*; .*add .* to outbound\.allow/,
      );
  });
});

function whoever(url: string, outbound: typeof open, ca?: string): readonly (() => Promise<unknown>)[] {
  return [
    () => registryAt(url, outbound, ca).byId(1),
    () => contact(url, outbound, ca),
    () => tokensAt(`${url}/token`, outbound, ca).current(),
  ];
}
