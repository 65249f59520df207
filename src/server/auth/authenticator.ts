// Who is connecting: from a token, or the lack of one, to a principal. What a principal may see is src/entitle.

import type { Principal } from '../../entitle/principal.js';
import type { Ms } from '../../topic/update.js';
import type { KeyContext } from './jwks-keys.js';
import { JwtVerifier, type JwtSettings } from './jwt-verifier.js';

export type AuthSettings =
  /** Everybody is let in, as nobody in particular. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'jwt';
      readonly jwt: JwtSettings;
      /** What sessions without a token are; undefined: they are refused. */
      readonly anonymous: { readonly roles: readonly string[] } | undefined;
    };

/** Why a token was refused: for the log and the metric. The client is told `bad_token`, whichever it is. */
export const AUTH_REFUSALS = [
  'no_token',
  'too_long',
  'malformed',
  'duplicate_member',
  'critical_header',
  'bad_type',
  'bad_algorithm',
  'unknown_key',
  'bad_signature',
  'bad_issuer',
  'bad_audience',
  'missing_claim',
  'bad_claim',
  'not_yet_valid',
  'expired',
  'too_old',
  'keys_unavailable',
] as const;
export type AuthRefusal = (typeof AUTH_REFUSALS)[number];

export type Authentication =
  | {
      readonly ok: true;
      readonly principal: Principal;
      /** Wall time at which data must stop; undefined: never. */
      readonly expiresAt: Ms | undefined;
    }
  | { readonly ok: false; readonly reason: AuthRefusal };

export interface Authenticator {
  /** Never rejects. Takes as long as a fetch of keys at most. */
  authenticate(token: string | undefined): Promise<Authentication>;
}

/**
 * Subject of those who showed no token. No token can carry it: an empty `sub` is refused, so nobody becomes them
 * and they become nobody else by a refresh.
 */
export const NOBODY = '';

/** Throws where the settings cannot be right (short secret, key and algorithms of different families): at start, not at a client. */
export function createAuthenticator(settings: AuthSettings, context: KeyContext): Authenticator {
  if (settings.kind === 'none') return { authenticate: () => Promise.resolve(asNobody([])) };
  const { jwt, anonymous } = settings;
  const verifier = new JwtVerifier(jwt, context);
  return {
    authenticate(token) {
      if (token !== undefined) return verifier.verify(token);
      const answer: Authentication =
        anonymous === undefined ? { ok: false, reason: 'no_token' } : asNobody(anonymous.roles);
      return Promise.resolve(answer);
    },
  };
}

function asNobody(roles: readonly string[]): Authentication {
  return { ok: true, principal: { subject: NOBODY, roles, claims: {} }, expiresAt: undefined };
}
