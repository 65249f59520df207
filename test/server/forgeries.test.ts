// F11: every token here is wrong in one way, and is refused for that reason; the client learns `bad_token` whichever it is.

import { createHmac, createSign, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  createAuthenticator,
  type Authenticator,
  type AuthRefusal,
} from '../../src/server/auth/authenticator.js';
import type { JwtSettings } from '../../src/server/auth/jwt-verifier.js';
import { createLog } from '../../src/telemetry/logger.js';
import { HandClock } from './hand-clock.js';
import { AUDIENCE, ISSUER, SECRET, TestServer } from './test-server.js';
import { loopbackOutbound } from '../support/outbound.js';

const clock = new HandClock();
const log = createLog({ level: 'error', style: 'json', write: () => undefined });
const NOW = Math.floor(clock.now() / 1000);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsaPem = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }));

function authenticatorFor(settings: Pick<JwtSettings, 'key' | 'algorithms'>): Authenticator {
  const jwt = {
    ...settings,
    issuer: ISSUER,
    audience: AUDIENCE,
    roles: 'roles',
    leewayMs: 5_000,
    maxAgeMs: 86_400_000,
  };
  return createAuthenticator(
    { kind: 'jwt', jwt, anonymous: undefined },
    { clock, log, outbound: loopbackOutbound },
  );
}

const bySecret = authenticatorFor({
  key: { kind: 'secret', secret: { reveal: () => SECRET } },
  algorithms: ['HS256', 'HS384', 'HS512'],
});
const byRsa = authenticatorFor({
  key: { kind: 'publicKey', pem: rsaPem },
  algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
});

const encode = (part: object | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'ada', iat: NOW, exp: NOW + 3_600, roles: ['trader'] };
const without = (name: keyof typeof claims): object =>
  Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));

/** A token signed by the shared secret, or with another one. */
function hs(
  payload: object | string,
  header: object | string = { alg: 'HS256' },
  secret: string | Buffer = SECRET,
): string {
  const body = `${encode(header)}.${encode(payload)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

function rs(payload: object, key: KeyObject, header: object = { alg: 'RS256' }): string {
  const body = `${encode(header)}.${encode(payload)}`;
  return `${body}.${createSign('sha256').update(body).sign(key, 'base64url')}`;
}

const good = hs(claims);
const [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.');
const jwk = otherRsa.publicKey.export({ format: 'jwk' });

const HMAC_FORGERIES: readonly [what: string, token: string, reason: AuthRefusal][] = [
  ['empty', '', 'malformed'],
  ['one part', 'abc', 'malformed'],
  ['two parts', `${goodHeader}.${goodPayload}`, 'malformed'],
  ['four parts', `${good}.x`, 'malformed'],
  ['five parts (an encrypted token)', 'a.b.c.d.e', 'malformed'],
  ['no signature', `${goodHeader}.${goodPayload}.`, 'malformed'],
  ['padded base64', `${goodHeader}.${goodPayload}.${goodSignature}=`, 'malformed'],
  ['white space around it', ` ${good}`, 'malformed'],
  ['header is no JSON', `${encode('x')}.${goodPayload}.${goodSignature}`, 'malformed'],
  ['header is a number', hs(claims, '7'), 'malformed'],
  ['header is null', hs(claims, 'null'), 'malformed'],
  ['payload is no JSON', hs('x'), 'malformed'],
  ['payload is a list', hs('[]'), 'malformed'],
  [
    'payload is not UTF-8',
    `${goodHeader}.${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}.x`,
    'malformed',
  ],
  ['alg none, no signature', `${encode({ alg: 'none' })}.${goodPayload}.`, 'malformed'],
  ['alg none, with a signature', hs(claims, { alg: 'none' }), 'bad_algorithm'],
  ['alg NONE', hs(claims, { alg: 'NONE' }), 'bad_algorithm'],
  ['alg nOnE', hs(claims, { alg: 'nOnE' }), 'bad_algorithm'],
  ['no alg', hs(claims, {}), 'malformed'],
  ['alg is no text', hs(claims, { alg: 7 }), 'malformed'],
  ['alg in lower case', hs(claims, { alg: 'hs256' }), 'bad_algorithm'],
  ['alg RS256 where a secret is configured', hs(claims, { alg: 'RS256' }), 'bad_algorithm'],
  ['alg ES256 where a secret is configured', hs(claims, { alg: 'ES256' }), 'bad_algorithm'],
  ['alg says HS512, signed as HS256', hs(claims, { alg: 'HS512' }), 'bad_signature'],
  ['another secret', hs(claims, { alg: 'HS256' }, 'another secret of thirty-two bytes'), 'bad_signature'],
  ['an empty secret', hs(claims, { alg: 'HS256' }, ''), 'bad_signature'],
  [
    'payload changed behind the signature',
    `${goodHeader}.${encode({ ...claims, roles: ['admin'] })}.${goodSignature}`,
    'bad_signature',
  ],
  [
    'header changed behind the signature',
    `${encode({ alg: 'HS256', kid: 'k' })}.${goodPayload}.${goodSignature}`,
    'bad_signature',
  ],
  ['signature shortened', good.slice(0, -4), 'bad_signature'],
  ['wrong issuer', hs({ ...claims, iss: 'https://evil.example' }), 'bad_issuer'],
  ['issuer with a slash more', hs({ ...claims, iss: `${ISSUER}/` }), 'bad_issuer'],
  ['issuer is a list', hs({ ...claims, iss: [ISSUER] }), 'bad_issuer'],
  ['no issuer', hs(without('iss')), 'missing_claim'],
  ['wrong audience', hs({ ...claims, aud: 'another' }), 'bad_audience'],
  ['audience of a prefix', hs({ ...claims, aud: 'tail' }), 'bad_audience'],
  ['audience list without us', hs({ ...claims, aud: ['a', 'b'] }), 'bad_audience'],
  ['no audience', hs(without('aud')), 'missing_claim'],
  ['no expiry', hs(without('exp')), 'missing_claim'],
  ['expired beyond the leeway', hs({ ...claims, exp: NOW - 6 }), 'expired'],
  ['expiry is text', hs({ ...claims, exp: String(NOW + 3_600) }), 'bad_claim'],
  ['expiry is null', hs({ ...claims, exp: null }), 'bad_claim'],
  ['not valid yet', hs({ ...claims, nbf: NOW + 3_600 }), 'not_yet_valid'],
  ['nbf is text', hs({ ...claims, nbf: 'now' }), 'bad_claim'],
  ['no time of issue', hs(without('iat')), 'missing_claim'],
  ['issued in the future', hs({ ...claims, iat: NOW + 60 }), 'not_yet_valid'],
  ['issued more than 24 h ago', hs({ ...claims, iat: NOW - 86_400 - 6 }), 'too_old'],
  ['no subject', hs(without('sub')), 'missing_claim'],
  ['an empty subject', hs({ ...claims, sub: '' }), 'bad_claim'],
  ['subject is a number', hs({ ...claims, sub: 7 }), 'bad_claim'],
  ['roles are no list', hs({ ...claims, roles: { admin: true } }), 'bad_claim'],
  ['a role is no text', hs({ ...claims, roles: ['trader', 7] }), 'bad_claim'],
  ['typ of another kind of token', hs(claims, { alg: 'HS256', typ: 'secevent+jwt' }), 'bad_type'],
  ['typ is no text', hs(claims, { alg: 'HS256', typ: 1 }), 'bad_type'],
  ['an unknown critical extension', hs(claims, { alg: 'HS256', crit: ['x'], x: 1 }), 'critical_header'],
  ['an unencoded payload', hs(claims, { alg: 'HS256', crit: ['b64'], b64: false }), 'critical_header'],
  ['crit is empty', hs(claims, { alg: 'HS256', crit: [] }), 'critical_header'],
  ['a claim twice', hs(`{"sub":"eve",${JSON.stringify(claims).slice(1)}`), 'duplicate_member'],
  [
    'a claim twice, once escaped',
    hs(`{"\\u0073ub":"eve",${JSON.stringify(claims).slice(1)}`),
    'duplicate_member',
  ],
  [
    'a member of a claim twice',
    hs(`{"x":{"a":1,"a":2},${JSON.stringify(claims).slice(1)}`),
    'duplicate_member',
  ],
  ['a header member twice', hs(claims, '{"alg":"none","alg":"HS256"}'), 'duplicate_member'],
  [
    'a claim __proto__',
    hs(`{"__proto__":{"roles":["admin"]},${JSON.stringify(claims).slice(1)}`),
    'duplicate_member',
  ],
  ['9 KiB', hs({ ...claims, filler: 'x'.repeat(7 * 1024) }), 'too_long'],
];

const RSA_FORGERIES: readonly [what: string, token: string, reason: AuthRefusal][] = [
  ['HS256 with the public key as secret', hs(claims, { alg: 'HS256' }, rsaPem), 'bad_algorithm'],
  [
    'HS256 with the key in DER as secret',
    hs(claims, { alg: 'HS256' }, rsa.publicKey.export({ type: 'spki', format: 'der' })),
    'bad_algorithm',
  ],
  ['another key', rs(claims, otherRsa.privateKey), 'bad_signature'],
  ['another key, given as jwk', rs(claims, otherRsa.privateKey, { alg: 'RS256', jwk }), 'bad_signature'],
  [
    'another key, given as jku',
    rs(claims, otherRsa.privateKey, { alg: 'RS256', jku: 'https://evil.example/jwks' }),
    'bad_signature',
  ],
  [
    'another key, given as x5u',
    rs(claims, otherRsa.privateKey, { alg: 'RS256', x5u: 'https://evil.example/x5u' }),
    'bad_signature',
  ],
  [
    'another key, with a kid that is a path',
    rs(claims, otherRsa.privateKey, { alg: 'RS256', kid: '../../etc/passwd' }),
    'bad_signature',
  ],
  ['RS384, which is not allowed', rs(claims, rsa.privateKey, { alg: 'RS384' }), 'bad_algorithm'],
  ['PS256 named, RS256 signed', rs(claims, rsa.privateKey, { alg: 'PS256' }), 'bad_signature'],
  ['ES256 of an attacker', es(claims), 'bad_algorithm'],
  ['alg none', hs(claims, { alg: 'none' }), 'bad_algorithm'],
];

function es(payload: object): string {
  const body = `${encode({ alg: 'ES256' })}.${encode(payload)}`;
  return `${body}.${sign('sha256', Buffer.from(body), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

describe('F11 forged tokens', () => {
  test('there are at least 40 of them', () => {
    expect(HMAC_FORGERIES.length + RSA_FORGERIES.length).toBeGreaterThanOrEqual(40);
  });

  test.each(HMAC_FORGERIES)('refused, secret: %s', async (_what, token, reason) => {
    expect(await bySecret.authenticate(token)).toEqual({ ok: false, reason });
  });

  test.each(RSA_FORGERIES)('refused, public key: %s', async (_what, token, reason) => {
    expect(await byRsa.authenticate(token)).toEqual({ ok: false, reason });
  });

  test('a client learns `bad_token` and nothing else, whatever is wrong', async () => {
    const server = await TestServer.start();
    const reasons = new Set<string>();
    for (const token of [
      hs({ ...claims, aud: 'x' }),
      hs({ ...claims, exp: NOW - 60 }),
      'garbage',
      `${good}x`,
    ]) {
      const client = await server.connect();
      client.say({ op: 'auth', id: 1, token });
      expect(await client.closing()).toEqual({ code: 4500, reason: 'the token was refused' });
      reasons.add(JSON.stringify(client.control));
    }
    expect(reasons.size).toBe(1);
    expect(server.refusals()).toEqual({
      bad_audience: 1,
      expired: 1,
      malformed: 1,
      bad_signature: 1,
    });
  });
});

describe('right tokens', () => {
  test('give subject, roles, claims, and the time at which data stops', async () => {
    const answer = await bySecret.authenticate(good);
    expect(answer).toEqual({
      ok: true,
      principal: { subject: 'ada', roles: ['trader'], claims },
      expiresAt: claims.exp * 1000,
    });
  });

  const accepted: readonly [what: string, token: string][] = [
    ['typ JWT', hs(claims, { alg: 'HS256', typ: 'JWT' })],
    ['typ at+jwt', hs(claims, { alg: 'HS256', typ: 'at+jwt' })],
    ['our audience among others', hs({ ...claims, aud: ['other', AUDIENCE] })],
    ['expired within the leeway', hs({ ...claims, exp: NOW - 4 })],
    ['issued within the leeway', hs({ ...claims, iat: NOW + 4 })],
    ['no roles', hs(without('roles'))],
    ['one role as text', hs({ ...claims, roles: 'trader' })],
    ['a token of 8 KiB', padded()],
  ];
  test.each(accepted)('accepted: %s', async (_what, token) => {
    expect(await bySecret.authenticate(token)).toMatchObject({ ok: true });
  });

  test('RS256 and PS256 by one public key', async () => {
    expect(await byRsa.authenticate(rs(claims, rsa.privateKey))).toMatchObject({ ok: true });
  });

  test('a token that expires in a year is good for 24 h after it was issued', async () => {
    const answer = await bySecret.authenticate(hs({ ...claims, exp: NOW + 365 * 86_400 }));
    expect(answer).toMatchObject({ expiresAt: (NOW + 86_400) * 1000 });
  });

  function padded(): string {
    const overhead = hs({ ...claims, filler: '' }).length;
    let filler = Math.floor(((8 * 1024 - overhead) * 3) / 4);
    while (hs({ ...claims, filler: 'x'.repeat(filler) }).length > 8 * 1024) filler -= 1;
    return hs({ ...claims, filler: 'x'.repeat(filler) });
  }
});

describe('settings that cannot be right are refused at the start', () => {
  const secret = (text: string) => ({ kind: 'secret', secret: { reveal: () => text } }) as const;
  const weak = String(
    generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
      type: 'spki',
      format: 'pem',
    }),
  );
  const cases: readonly [string, Pick<JwtSettings, 'key' | 'algorithms'>][] = [
    ['a secret of 31 bytes', { key: secret('x'.repeat(31)), algorithms: ['HS256'] }],
    [
      'HS256 beside RS256 with a public key',
      { key: { kind: 'publicKey', pem: rsaPem }, algorithms: ['RS256', 'HS256'] },
    ],
    ['RS256 with a secret', { key: secret(SECRET), algorithms: ['HS256', 'RS256'] }],
    [
      'HS256 with a JWKS address',
      { key: { kind: 'jwks', url: 'http://127.0.0.1:1/' }, algorithms: ['HS256'] },
    ],
    ['none', { key: secret(SECRET), algorithms: ['none'] }],
    ['no algorithm', { key: secret(SECRET), algorithms: [] }],
    ['an RSA key of 1024 bits', { key: { kind: 'publicKey', pem: weak }, algorithms: ['RS256'] }],
    ['an RSA key for ES256 only', { key: { kind: 'publicKey', pem: rsaPem }, algorithms: ['ES256'] }],
  ];
  test.each(cases)('%s', (_what, settings) => {
    expect(() => authenticatorFor(settings)).toThrow();
  });

  test('a secret of 32 bytes is enough', () => {
    expect(() => authenticatorFor({ key: secret('x'.repeat(32)), algorithms: ['HS256'] })).not.toThrow();
  });
});
