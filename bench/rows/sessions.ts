// What the clients of a group want, and the rights that let them see it.

import type { RuleConfig } from '../../src/entitle/rule.js';
import type { Wanted } from '../client/dialect.js';
import { STATIC_MEMBERS } from '../server/workload.js';

/** Role that sees everything. */
const EVERYTHING = 'all';

/** One role that sees all, and one for each of ten views, each of which lacks another member of every value. */
export const RULES: readonly RuleConfig[] = [
  { allow: [EVERYTHING], paths: ['**'] },
  ...STATIC_MEMBERS.map((member, i) => ({ allow: [viewRole(i)], paths: ['**'], hide: [`/${member}`] })),
];

export interface SessionsOptions {
  readonly count: number;
  /** What each session asks for. */
  readonly paths: (session: number) => readonly string[];
  /** How many different views they have; 1: they see everything. */
  readonly views?: number;
  /** False: each asks for other members, so that nothing can be made once for two of them. */
  readonly isShared: boolean;
}

export function sessions({ count, paths, views = 1, isShared }: SessionsOptions): Wanted[] {
  return Array.from({ length: count }, (_, session) => ({
    paths: paths(session),
    token: views === 1 ? EVERYTHING : viewRole(session % views),
    fields: isShared ? undefined : ownFields(session),
  }));
}

function viewRole(view: number): string {
  return `view${view}`;
}

/** All that changes and a subset of the rest: another for each session up to 1,024. */
function ownFields(session: number): string[] {
  const members = STATIC_MEMBERS.filter((_, bit) => ((session >> bit) & 1) === 0);
  return ['/t', '/bid', ...members.map((member) => `/${member}`)];
}
