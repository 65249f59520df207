// The only door to the library jose: signatures, times and claims of a JWT, and the choice of a key from a JWK set.

import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Ms } from '../../topic/update.js';
import type { JsonObject } from '../../topic/json.js';
import type { AuthRefusal } from './authenticator.js';

/** Finds the key for a token by its header. Throws what jose throws, or {@link KeysUnavailable}. */
export type KeyLookup = JWTVerifyGetKey;

/** Keys could not be had: says nothing about the token. */
export class KeysUnavailable extends Error {}

/** No key of the set is the token's. */
export const NoMatchingKey = errors.JWKSNoMatchingKey;

/** Throws where the JSON is no JWK set. */
export function keySetOf(json: unknown): KeyLookup {
  return createLocalJWKSet(json as JSONWebKeySet); // it checks the shape itself
}

export interface JwtRules {
  readonly algorithms: readonly string[];
  readonly issuer: string;
  readonly audience: string;
  readonly leewayMs: Ms;
  readonly maxAgeMs: Ms;
}

export type Verified =
  { readonly ok: true; readonly claims: JsonObject } | { readonly ok: false; readonly reason: AuthRefusal };

/** A compact JWS whose signature, issuer, audience, subject and times are right at `now`. */
export async function verifyJwt(
  token: string,
  lookup: KeyLookup,
  rules: JwtRules,
  now: Ms,
): Promise<Verified> {
  try {
    const { payload } = await jwtVerify(token, lookup, {
      algorithms: [...rules.algorithms],
      issuer: rules.issuer,
      audience: rules.audience,
      requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub'],
      clockTolerance: rules.leewayMs / 1000,
      maxTokenAge: rules.maxAgeMs / 1000,
      currentDate: new Date(now),
    });
    return { ok: true, claims: payload as JsonObject };
  } catch (error) {
    return { ok: false, reason: refusalOf(error) };
  }
}

function refusalOf(error: unknown): AuthRefusal {
  if (error instanceof KeysUnavailable) return 'keys_unavailable';
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    return refusalOfClaim(error);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'bad_algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature';
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown_key';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'unknown_key';
  if (error instanceof errors.JOSENotSupported) return 'bad_algorithm';
  if (error instanceof errors.JOSEError) return 'malformed';
  return 'bad_algorithm'; // jose's TypeErrors: the key cannot do what the header says
}

function refusalOfClaim(
  error: InstanceType<typeof errors.JWTClaimValidationFailed | typeof errors.JWTExpired>,
): AuthRefusal {
  if (error.reason === 'missing') return 'missing_claim';
  switch (error.claim) {
    case 'iss':
      return 'bad_issuer';
    case 'aud':
      return 'bad_audience';
    case 'nbf':
      return error.reason === 'invalid' ? 'bad_claim' : 'not_yet_valid';
    case 'exp':
      return error.reason === 'invalid' ? 'bad_claim' : 'expired';
    case 'iat':
      if (error.reason === 'invalid') return 'bad_claim';
      return error instanceof errors.JWTExpired ? 'too_old' : 'not_yet_valid';
    default:
      return 'bad_claim';
  }
}
