// Resolves `auth`: who may connect. Secure by default: nothing is let in that nobody spelled out.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import {
  HMAC_ALGORITHMS,
  type AuthConfig,
  type JwtAlgorithm,
  type JwtConfig,
  type JwtKey,
} from './config.js';
import type { FindingCode, Problem } from './finding.js';
import type { KeyPath } from './document.js';
import { PLACEHOLDER, pointerOf, type Interpolated } from './interpolation.js';
import { checkAgainst } from './schema-check.js';
import { AUTH_SCHEMA } from './schemas.js';
import { Secret } from './secret.js';
import { parseDuration } from '../units.js';

const JWT: KeyPath = ['auth', 'jwt'];
const KEY_KINDS = ['secret', 'jwksUrl', 'publicKey'] as const;
const MIN_SECRET_BYTES = 32;
const MIN_RSA_BITS = 2048;
const JWKS_ALGORITHMS: readonly JwtAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];

export interface ReadAuth {
  /** Undefined when there is a problem. */
  readonly auth: AuthConfig | undefined;
  /** The same as one would write it, defaults filled in. */
  readonly written?: unknown;
  readonly problems: readonly Problem[];
}

/** What `AUTH_SCHEMA` lets through, in the part that is read here. */
interface WrittenAuth {
  readonly jwt: Partial<Record<(typeof KEY_KINDS)[number], string>> &
    Pick<JwtConfig, 'issuer' | 'audience' | 'roles'> & {
      readonly algorithms?: readonly JwtAlgorithm[];
      readonly leeway: unknown;
      readonly maxAge: unknown;
    };
  readonly anonymous?: { readonly roles: readonly string[] };
}

/** `host`: of the public port; undefined: not known yet. */
export function readAuth(given: unknown, host: string | undefined, interpolated: Interpolated): ReadAuth {
  if (given === undefined || given === null) {
    const message = 'nothing says who may connect; write auth.jwt, or auth: none for a loopback address';
    return { auth: undefined, problems: [problem('auth-missing', ['auth'], message)] };
  }
  if (given === 'none') return readNone(host);
  if (typeof given !== 'object') {
    const message = 'auth must be the word none, or a mapping with jwt';
    return { auth: undefined, problems: [{ ...problem('bad-value', ['auth'], message), conceal: true }] };
  }
  const checked = checkAgainst(AUTH_SCHEMA, given, { path: ['auth'], where: 'auth', interpolated });
  const misplaced = inlineSecret(interpolated, given);
  if (checked.problems.length > 0) return { auth: undefined, problems: [...checked.problems, ...misplaced] };
  const { jwt, anonymous } = checked.value as WrittenAuth;
  const { key, problems } = readKey(jwt, interpolated);
  const algorithms = algorithmsOf(jwt.algorithms, key);
  const all = [...misplaced, ...problems, ...algorithms.problems];
  if (key === undefined || all.some(({ severity }) => severity === 'error'))
    return { auth: undefined, problems: all };
  const resolved: JwtConfig = {
    key,
    algorithms: algorithms.list,
    issuer: jwt.issuer,
    audience: jwt.audience,
    roles: jwt.roles,
    leewayMs: parseDuration(jwt.leeway) ?? 0,
    maxAgeMs: parseDuration(jwt.maxAge) ?? 0,
  };
  const isKeyKnown = key.kind !== 'publicKey' || key.pem !== PLACEHOLDER;
  const written = {
    jwt: { ...jwt, ...(isKeyKnown ? { algorithms: algorithms.list } : {}) },
    ...(anonymous === undefined ? {} : { anonymous }),
  };
  return { auth: { kind: 'jwt', jwt: resolved, anonymous }, written, problems: all };
}

/** 127.0.0.0/8, ::1 and the name for them: what nobody but this machine reaches. */
export function isLoopback(host: string): boolean {
  return (
    host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  );
}

function readNone(host: string | undefined): ReadAuth {
  if (host === undefined || isLoopback(host))
    return { auth: { kind: 'none' }, written: 'none', problems: [] };
  const message = `auth: none lets everybody in, so it needs listen: { host: 127.0.0.1 }; the host is ${host}`;
  return { auth: undefined, problems: [problem('auth-none-exposed', ['auth'], message)] };
}

/** Whatever else is wrong, a secret in the file is said, since it has to be replaced. */
function inlineSecret(interpolated: Interpolated, written: object): Problem[] {
  const path = [...JWT, 'secret'];
  const jwt: unknown = 'jwt' in written ? written.jwt : undefined;
  const isThere =
    typeof jwt === 'object' && jwt !== null && 'secret' in jwt && typeof jwt.secret === 'string';
  const pointer = pointerOf(path);
  if (!isThere || interpolated.resolved.has(pointer) || interpolated.placeholders.has(pointer)) return [];
  const message =
    'a secret does not belong in this file; write { env: NAME } or { file: PATH }, and make a new secret';
  return [{ ...problem('secret-inline', path, message), conceal: true }];
}

function readKey(
  jwt: WrittenAuth['jwt'],
  interpolated: Interpolated,
): { readonly key: JwtKey | undefined; readonly problems: readonly Problem[] } {
  const [kind, ...more] = KEY_KINDS.filter((name) => jwt[name] !== undefined);
  if (kind === undefined || more.length > 0) {
    const found = kind === undefined ? 'none of them' : [kind, ...more].join(' and ');
    const message = `auth.jwt takes exactly one of ${KEY_KINDS.join(', ')}; it has ${found}`;
    return { key: undefined, problems: [{ ...problem('key-choice', JWT, message), part: 'key' }] };
  }
  const text = jwt[kind] ?? '';
  const isKnown = !interpolated.placeholders.has(pointerOf([...JWT, kind]));
  switch (kind) {
    case 'secret':
      return { key: { kind, secret: new Secret(text) }, problems: secretProblems(text) };
    case 'jwksUrl':
      return { key: { kind: 'jwks', url: text }, problems: isKnown ? urlProblems(text) : [] };
    case 'publicKey':
      return { key: { kind, pem: text }, problems: isKnown ? pemProblems(text) : [] };
  }
}

function secretProblems(secret: string): Problem[] {
  const bytes = Buffer.byteLength(secret);
  if (bytes >= MIN_SECRET_BYTES) return [];
  const message = `auth.jwt.secret has ${bytes} bytes and needs ${MIN_SECRET_BYTES} or more; openssl rand -base64 48 makes one`;
  return [{ ...problem('secret-short', [...JWT, 'secret'], message), conceal: true }];
}

function urlProblems(text: string): Problem[] {
  const path = [...JWT, 'jwksUrl'];
  if (!URL.canParse(text)) return [problem('bad-value', path, 'auth.jwt.jwksUrl is no URL')];
  const { protocol, hostname } = new URL(text);
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return [];
  const message = 'auth.jwt.jwksUrl is fetched without TLS: whoever can answer in its place can sign tokens';
  return [{ ...problem('plain-http', path, message), severity: 'warning' }];
}

function pemProblems(pem: string): Problem[] {
  const path = [...JWT, 'publicKey'];
  if (pem.includes('PRIVATE KEY')) {
    const message = 'auth.jwt.publicKey holds a private key; give the public one (openssl pkey -pubout)';
    return [{ ...problem('bad-key', path, message), conceal: true }];
  }
  const key = publicKeyOf(pem);
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
  if (key === undefined || abilitiesOf(key).length === 0) {
    return [
      problem(
        'bad-key',
        path,
        'auth.jwt.publicKey is no public key in PEM: RSA, P-256, P-384, P-521 or Ed25519',
      ),
    ];
  }
  return bits < MIN_RSA_BITS
    ? [problem('bad-key', path, `auth.jwt.publicKey has ${bits} bits, less than ${MIN_RSA_BITS}`)]
    : [];
}

function publicKeyOf(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

/** What a public key can verify. */
function abilitiesOf(key: KeyObject): readonly JwtAlgorithm[] {
  if (key.asymmetricKeyType === 'rsa') return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA'];
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case 'prime256v1':
      return ['ES256'];
    case 'secp384r1':
      return ['ES384'];
    case 'secp521r1':
      return ['ES512'];
    default:
      return [];
  }
}

function algorithmsOf(
  wanted: readonly JwtAlgorithm[] | undefined,
  key: JwtKey | undefined,
): { readonly list: readonly JwtAlgorithm[]; readonly problems: readonly Problem[] } {
  const possible = possibleWith(key);
  if (wanted === undefined) return { list: possible.byDefault, problems: [] };
  const foreign = [...wanted.entries()].filter(([, algorithm]) => !possible.isPossible(algorithm));
  const problems = foreign.map(([index, algorithm]) =>
    problem(
      'algorithm-family',
      [...JWT, 'algorithms', index],
      `${algorithm} cannot be verified with ${possible.named}`,
    ),
  );
  return { list: wanted, problems };
}

interface Possible {
  readonly named: string;
  readonly byDefault: readonly JwtAlgorithm[];
  readonly isPossible: (algorithm: JwtAlgorithm) => boolean;
}

function possibleWith(key: JwtKey | undefined): Possible {
  const isHmac = (algorithm: JwtAlgorithm) => HMAC_ALGORITHMS.some((name) => name === algorithm);
  if (key === undefined) return { named: 'no key', byDefault: [], isPossible: () => true };
  switch (key.kind) {
    case 'secret':
      return {
        named: 'a secret, which HS256, HS384 and HS512 use',
        byDefault: ['HS256'],
        isPossible: isHmac,
      };
    case 'jwks':
      return {
        named: 'public keys',
        byDefault: JWKS_ALGORITHMS,
        isPossible: (algorithm) => !isHmac(algorithm),
      };
    case 'publicKey': {
      const known = key.pem === PLACEHOLDER ? undefined : publicKeyOf(key.pem);
      const able = known === undefined ? undefined : abilitiesOf(known);
      const byDefault = able ?? JWKS_ALGORITHMS;
      return {
        named: 'this public key',
        byDefault,
        isPossible: (name) => able?.includes(name) ?? !isHmac(name),
      };
    }
  }
}

function problem(code: FindingCode, path: KeyPath, message: string): Problem {
  return { severity: 'error', code, path, message };
}
