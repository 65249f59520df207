// From a JSON Web Token to a principal, by RFC 8725: one family of algorithms, fixed issuer and audience, required times.
// Header members that name a key (`jku`, `x5u`, `jwk`, `x5c`) are ignored: keys come from the configuration alone.

import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Json, JsonObject } from '../../topic/json.js';
import type { Ms } from '../../topic/update.js';
import type { Authentication, AuthRefusal } from './authenticator.js';
import { hasUnsafeMembers } from './duplicate-members.js';
import { verifyJwt, type JwtRules, type KeyLookup } from './jose.js';
import { JwksKeys, type KeyContext } from './jwks-keys.js';

export interface JwtSettings extends JwtRules {
  readonly key:
    | { readonly kind: 'secret'; readonly secret: { reveal(): string } }
    | { readonly kind: 'jwks'; readonly url: string }
    | { readonly kind: 'publicKey'; readonly pem: string };
  /** Name of the claim that lists the roles. */
  readonly roles: string;
}

const MAX_TOKEN_BYTES = 8 * 1024;
const MIN_SECRET_BYTES = 32;
/** Types that a token for a session may say that it has (RFC 7519 section 5.1, RFC 9068 section 2.1). */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'application/jwt', 'at+jwt', 'application/at+jwt']);
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

/** Invariant: `rules.algorithms` are all of the one family that the key can verify, so no header can choose another. */
export class JwtVerifier {
  readonly #settings: JwtSettings;
  readonly #lookup: KeyLookup;
  readonly #rules: JwtRules;
  readonly #clock: Clock;

  constructor(settings: JwtSettings, context: KeyContext) {
    this.#settings = settings;
    this.#clock = context.clock;
    const source = keySourceOf(settings, context);
    const algorithms = algorithmsOf(settings, source);
    this.#lookup = source.lookup;
    this.#rules = { ...settings, algorithms };
  }

  /** Never rejects. */
  async verify(token: string): Promise<Authentication> {
    const fault = faultOfForm(token);
    if (fault !== undefined) return { ok: false, reason: fault };
    const verified = await verifyJwt(token, this.#lookup, this.#rules, this.#clock.now());
    return verified.ok ? this.#principalOf(verified.claims) : verified;
  }

  #principalOf(claims: JsonObject): Authentication {
    const { sub, exp, iat } = claims;
    const roles = rolesOf(claims[this.#settings.roles]);
    if (typeof sub !== 'string' || sub === '' || roles === undefined)
      return { ok: false, reason: 'bad_claim' };
    if (typeof exp !== 'number' || typeof iat !== 'number') return { ok: false, reason: 'bad_claim' };
    const expiresAt: Ms = Math.min(exp * 1000, iat * 1000 + this.#settings.maxAgeMs);
    return { ok: true, principal: { subject: sub, roles, claims }, expiresAt };
  }
}

/** What can be said of a token before any key is looked for. */
function faultOfForm(token: string): AuthRefusal | undefined {
  if (token.length > MAX_TOKEN_BYTES) return 'too_long';
  const parts = COMPACT.exec(token);
  const header = textOf(parts?.[1]);
  const payload = textOf(parts?.[2]);
  if (header === undefined || payload === undefined) return 'malformed';
  if (hasUnsafeMembers(header) || hasUnsafeMembers(payload)) return 'duplicate_member';
  return faultOfHeader(JSON.parse(header));
}

function faultOfHeader(header: unknown): AuthRefusal | undefined {
  if (typeof header !== 'object' || header === null) return 'malformed';
  if ('crit' in header) return 'critical_header'; // no extension is understood here (RFC 7515 section 4.1.11)
  if (!('typ' in header)) return undefined;
  return typeof header.typ === 'string' && TYPES.has(header.typ.toLowerCase()) ? undefined : 'bad_type';
}

/** The JSON text of one part, or undefined where it is none. */
function textOf(part: string | undefined): string | undefined {
  if (part === undefined) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(part, 'base64url'),
    );
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

/** A list of names, one name, or nothing; undefined: something else. */
function rolesOf(claim: Json | undefined): readonly string[] | undefined {
  if (claim === undefined) return [];
  if (typeof claim === 'string') return [claim];
  if (!Array.isArray(claim)) return undefined;
  const names = claim.filter((role): role is string => typeof role === 'string');
  return names.length === claim.length ? names : undefined;
}

/** Those of the allowed algorithms that the key can verify. Throws where the list mixes secrets with public keys, or none fits. */
function algorithmsOf(settings: JwtSettings, source: KeySource): readonly string[] {
  const isSecret = settings.key.kind === 'secret';
  if (settings.algorithms.some((algorithm) => HMAC.test(algorithm) !== isSecret)) {
    throw new Error(
      'the allowed algorithms must be HS256, HS384, HS512 with a secret, and none of them with public keys',
    );
  }
  const algorithms = settings.algorithms.filter((algorithm) => source.verifies(algorithm));
  if (algorithms.length === 0)
    throw new Error('the configured key can verify none of the allowed algorithms');
  return algorithms;
}

const HMAC = /^HS(256|384|512)$/;
const PUBLIC = /^([RP]S(256|384|512)|ES(256|384|512)|EdDSA)$/;

interface KeySource {
  readonly lookup: KeyLookup;
  verifies(algorithm: string): boolean;
}

function keySourceOf(settings: JwtSettings, context: KeyContext): KeySource {
  switch (settings.key.kind) {
    case 'secret': {
      const secret = Buffer.from(settings.key.secret.reveal(), 'utf8');
      if (secret.length < MIN_SECRET_BYTES)
        throw new Error(`the secret is shorter than ${MIN_SECRET_BYTES} bytes`);
      return {
        lookup: () => Promise.resolve(secret),
        verifies: (algorithm) => /^HS(256|384|512)$/.test(algorithm),
      };
    }
    case 'publicKey': {
      const key = createPublicKey(settings.key.pem);
      return { lookup: () => Promise.resolve(key), verifies: (algorithm) => fits(algorithm, key) };
    }
    case 'jwks':
      return {
        lookup: new JwksKeys(settings.key.url, context).find,
        verifies: (algorithm) => PUBLIC.test(algorithm),
      };
  }
}

const CURVES: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

function fits(algorithm: string, key: KeyObject): boolean {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return /^[RP]S(256|384|512)$/.test(algorithm) && (details?.modulusLength ?? 0) >= 2048;
    case 'ec':
      return CURVES[algorithm] !== undefined && CURVES[algorithm] === details?.namedCurve;
    case 'ed25519':
      return algorithm === 'EdDSA';
    default:
      return false;
  }
}
