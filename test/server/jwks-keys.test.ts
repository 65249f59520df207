// F12: the issuer's keys go, change and come back.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { createAuthenticator, type Authenticator } from '../../src/server/auth/authenticator.js';
import { createLog } from '../../src/telemetry/logger.js';
import { HandClock } from './hand-clock.js';
import { AUDIENCE, ISSUER } from './test-server.js';
import { loopbackOutbound } from '../support/outbound.js';

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: object;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let clock: HandClock;
let issuer: Server;
let fetches = 0;
let answer: { status: number; keys: readonly Key[] };
let authenticator: Authenticator;

async function keyOf(kid: string, alg = 'ES256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

function tokenBy(key: Key): Promise<string> {
  const now = Math.floor(clock.now() / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .setSubject('ada')
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(now)
    .setExpirationTime(now + 3_600)
    .sign(key.privateKey);
}

async function verdictOn(key: Key): Promise<string> {
  const verdict = await authenticator.authenticate(await tokenBy(key));
  return verdict.ok ? 'accepted' : verdict.reason;
}

beforeEach(async () => {
  fetches = 0;
  clock = new HandClock();
  answer = { status: 200, keys: [] };
  issuer = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(answer.status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ keys: answer.keys.map((key) => key.publicJwk) }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const { port } = issuer.address() as AddressInfo;
  const log = createLog({ level: 'error', style: 'json', write: () => undefined });
  authenticator = createAuthenticator(
    {
      kind: 'jwt',
      jwt: {
        key: { kind: 'jwks', url: `http://127.0.0.1:${port}/jwks.json` },
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        issuer: ISSUER,
        audience: AUDIENCE,
        roles: 'roles',
        leewayMs: 5_000,
        maxAgeMs: 24 * HOUR,
      },
      anonymous: undefined,
    },
    { clock, log, outbound: loopbackOutbound },
  );
});

afterEach(() => {
  issuer.closeAllConnections();
  issuer.close();
});

test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('a key of %s verifies', async (alg) => {
  const key = await keyOf('k1', alg);
  answer = { status: 200, keys: [key] };
  expect(await verdictOn(key)).toBe('accepted');
});

test('many tokens cost one fetch', async () => {
  const key = await keyOf('k1');
  answer = { status: 200, keys: [key] };
  const verdicts = await Promise.all(Array.from({ length: 20 }, () => verdictOn(key)));
  expect(new Set(verdicts)).toEqual(new Set(['accepted']));
  expect(fetches).toBe(1);
});

test('F12 a flood of unknown key ids costs one fetch per 30 s, also while the address is down', async () => {
  const known = await keyOf('k1');
  const unknown = await keyOf('nobody');
  answer = { status: 200, keys: [known] };
  expect(await verdictOn(known)).toBe('accepted');
  for (let i = 0; i < 50; i++) expect(await verdictOn(unknown)).toBe('unknown_key');
  expect(fetches).toBe(1);
  answer = { status: 500, keys: [] };
  clock.pass(30 * SECOND);
  for (let i = 0; i < 50; i++) expect(await verdictOn(unknown)).toBe('unknown_key');
  expect(fetches).toBe(2);
});

test('F12 a new key is found when the cool-down is over', async () => {
  const first = await keyOf('k1');
  const second = await keyOf('k2');
  answer = { status: 200, keys: [first] };
  expect(await verdictOn(first)).toBe('accepted');
  answer = { status: 200, keys: [first, second] };
  clock.pass(30 * SECOND - 1);
  expect(await verdictOn(second)).toBe('unknown_key');
  clock.pass(1);
  expect(await verdictOn(second)).toBe('accepted');
});

test('F12 a key that was withdrawn is refused after 10 minutes', async () => {
  const first = await keyOf('k1');
  const second = await keyOf('k2');
  answer = { status: 200, keys: [first] };
  expect(await verdictOn(first)).toBe('accepted');
  answer = { status: 200, keys: [second] };
  clock.pass(10 * MINUTE - 1);
  expect(await verdictOn(first)).toBe('accepted');
  clock.pass(1);
  expect(await verdictOn(first)).toBe('unknown_key');
});

test('F12 while the address is down the last keys are good for 24 h, and no longer', async () => {
  const key = await keyOf('k1');
  answer = { status: 200, keys: [key] };
  expect(await verdictOn(key)).toBe('accepted');
  answer = { status: 500, keys: [] };
  clock.pass(24 * HOUR);
  expect(await verdictOn(key)).toBe('accepted');
  clock.pass(1);
  expect(await verdictOn(key)).toBe('keys_unavailable');
  answer = { status: 200, keys: [key] };
  clock.pass(30 * SECOND);
  expect(await verdictOn(key)).toBe('accepted');
});

test('without any keys yet the answer is that they are unavailable, not that the token is bad', async () => {
  answer = { status: 503, keys: [] };
  expect(await verdictOn(await keyOf('k1'))).toBe('keys_unavailable');
});
