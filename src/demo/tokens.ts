// The demo's own identity provider: three people, and tokens for them that last 15 minutes. A real installation has a real
// one; Tailrace only ever verifies.

import { createHmac, randomBytes } from 'node:crypto';

import { WATCHED_ACCOUNT } from './market.js';

export const ISSUER = 'https://issuer.demo.invalid';
export const AUDIENCE = 'tailrace-demo';
/** Where the regulator of the demo is. */
export const REGULATED_REGION = 'EU';

const LASTS_SECONDS = 15 * 60;

const PEOPLE = {
  trader: { sub: 'trader-1', roles: ['trader'] },
  regulator: { sub: 'regulator-1', roles: ['regulator'], region: REGULATED_REGION },
  customer: { sub: 'customer-1', roles: ['customer'], account: WATCHED_ACCOUNT },
} as const;

export type DemoRole = keyof typeof PEOPLE;

export function isDemoRole(name: unknown): name is DemoRole {
  return typeof name === 'string' && Object.hasOwn(PEOPLE, name);
}

/** A secret for HS256, 32 random bytes as text. A new one for each run. */
export function randomSecret(): string {
  return randomBytes(32).toString('hex');
}

/** A signed JWT (RFC 7519) for one of the three. */
export function tokenFor(role: DemoRole, secret: string): string {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { iss: ISSUER, aud: AUDIENCE, ...PEOPLE[role], iat, exp: iat + LASTS_SECONDS };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function part(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}
