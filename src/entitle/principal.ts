// Who is connected, as authentication has verified it. Nothing here is taken from a client's word.

import { escapeSegment } from '../topic/path.js';
import type { Json, JsonObject } from '../topic/json.js';

export interface Principal {
  /** The token's `sub`; names the principal in logs and audit, and is no claim condition by itself. */
  readonly subject: string;
  /** From the claim that `auth.jwt.roles` names, or `auth.anonymous`. */
  readonly roles: readonly string[];
  /** All claims of the token. */
  readonly claims: JsonObject;
}

/** A claim by its exact name, never an inherited property; undefined = the token has no such claim. */
export function claimOf(principal: Principal, name: string): Json | undefined {
  return Object.hasOwn(principal.claims, name) ? principal.claims[name] : undefined;
}

/**
 * What `{claims.name}` stands for: no, one or several literal segments. Text and numbers are one segment each, a list is
 * one per element; anything else, empty text, and integers beyond 2^53 (two accounts could read as one number) are none.
 */
export function segmentsOfClaim(principal: Principal, name: string): readonly string[] {
  const claim = claimOf(principal, name);
  const elements: readonly Json[] = Array.isArray(claim) ? claim : claim === undefined ? [] : [claim];
  const segments = new Set<string>();
  for (const element of elements) {
    const segment = segmentOf(element);
    if (segment !== undefined) segments.add(segment);
  }
  return [...segments];
}

function segmentOf(value: Json): string | undefined {
  if (typeof value === 'string') return escapeSegment(value);
  if (typeof value !== 'number') return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : escapeSegment(`${value}`);
}
