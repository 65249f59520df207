// From the claims that a test writes down to the principal that authentication would make of such a token.

import type { Problem } from '../config/finding.js';
import type { KeyPath } from '../config/document.js';
import { nearest } from '../config/suggestion.js';
import type { JsonObject } from '../topic/json.js';
import type { Stage } from './stage.js';
import type { Viewer } from './test-case.js';
import { jsonOf, type WrittenJson } from './written-record.js';

export type WrittenClaims = Readonly<Record<string, WrittenJson>>;

/** Claims that every token may have and rules rarely read. */
const REGISTERED_CLAIMS = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'];

/** A session without a token. */
export function anonymousViewer({ config: { auth } }: Stage): Viewer {
  const roles = auth.kind === 'none' ? [] : auth.anonymous?.roles;
  const principal = roles && { subject: '', roles, claims: {} };
  return { label: 'anonymous', principal };
}

/** `label`: how the test names them; left out: by their claims. */
export function viewerOf(written: WrittenClaims, stage: Stage, label = labelOf(written)): Viewer {
  const roles = Object.entries(written).flatMap(([name, claim]) =>
    isRoles(name, stage) ? [claim].flat() : [],
  );
  const others = Object.entries(written).filter(([name]) => !isRoles(name, stage));
  const all = roles.length === 0 ? others : [...others, [stage.rolesClaim, roles] as const];
  // A token is JSON, so that a verifier reads its numbers as doubles.
  const claims = jsonOf(Object.fromEntries(all), Number) as JsonObject;
  const { sub } = claims;
  return {
    label,
    principal: { subject: typeof sub === 'string' ? sub : '', roles: roles.map(String), claims },
  };
}

/** `role` and `roles` stand for the claim with the roles, unless a rule reads a claim that is called so. */
function isRoles(name: string, { rolesClaim, claims }: Stage): boolean {
  return name === rolesClaim || ((name === 'role' || name === 'roles') && !claims.has(name));
}

export function claimProblems(written: WrittenClaims, path: KeyPath, stage: Stage): Problem[] {
  if (stage.config.auth.kind === 'none') {
    const message = 'with auth: none nobody has claims or roles; write as: anonymous';
    return [{ severity: 'error', code: 'bad-value', path, message }];
  }
  return Object.entries(written).flatMap(([name, claim]) => {
    const below = [...path, name];
    if (isRoles(name, stage)) return roleProblems(name, claim, below, stage);
    if (stage.claims.has(name) || REGISTERED_CLAIMS.includes(name)) return [];
    const suggestion = nearest(name, [...stage.claims, stage.rolesClaim]);
    return [unread(`no rule reads the claim "${name}"`, below, suggestion)];
  });
}

function roleProblems(name: string, claim: WrittenJson, path: KeyPath, { roles }: Stage): Problem[] {
  const list: readonly WrittenJson[] = [claim].flat();
  if (!list.every((role) => typeof role === 'string')) {
    const message = `${name} must be a role, or a list of roles`;
    return [{ severity: 'error', code: 'wrong-type', path, message }];
  }
  return list.flatMap((role, index): Problem[] => {
    if (roles.has(role)) return [];
    const at = Array.isArray(claim) ? [...path, index] : path;
    return [{ ...unread(`no rule names the role "${role}"`, at, nearest(role, [...roles])), part: 'value' }];
  });
}

function unread(message: string, path: KeyPath, suggestion: string | undefined): Problem {
  const problem = { severity: 'warning', code: 'unread-claim', path, part: 'key', message } as const;
  return suggestion === undefined ? problem : { ...problem, suggestion };
}

/** `{ role: customer, account: 7 }` */
function labelOf(claims: WrittenClaims): string {
  const parts = Object.entries(claims).map(([name, claim]) => `${name}: ${flowText(claim)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function flowText(claim: WrittenJson): string {
  if (typeof claim === 'string' && /^[A-Za-z][\w.@ -]*$/.test(claim)) return claim;
  if (Array.isArray(claim)) return `[${(claim as readonly WrittenJson[]).map(flowText).join(', ')}]`;
  return JSON.stringify(jsonOf(claim, String));
}
