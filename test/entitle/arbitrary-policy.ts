// Random rules, principals and paths over a small alphabet, so that they meet often.

import fc from 'fast-check';
import type { Principal } from '../../src/entitle/principal.js';
import type { RuleConfig } from '../../src/entitle/rule.js';
import type { Json } from '../../src/topic/json.js';
import { parsePath, type TopicPath } from '../../src/topic/path.js';

const word = fc.constantFrom('a', 'b', 'c');
const role = fc.constantFrom('trader', 'customer', 'auditor');
const claimName = fc.constantFrom('x', 'y');

const filterText = fc
  .tuple(
    fc.array(fc.oneof(word, fc.constantFrom('*', '{claims.x}', '{claims.y}')), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.boolean(),
  )
  .map(([segments, isOpen]) => [...segments, ...(isOpen ? ['**'] : [])].join('/'));

const roles = fc.oneof(fc.constant('everyone' as const), fc.array(role, { minLength: 1, maxLength: 2 }));
const pointer = fc.constantFrom('/p', '/q', '/p/r', '/p/s', '/q/p/r');
const claims = fc.dictionary(claimName, fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 2 })), {
  maxKeys: 1,
});
const paths = fc.array(filterText, { minLength: 1, maxLength: 2 });

export const rule: fc.Arbitrary<RuleConfig> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ allow: roles, claims, paths, hide: fc.array(pointer, { maxLength: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ deny: roles, claims, paths }) },
);

export const rules = fc.array(rule, { maxLength: 6 });

const claimValue: fc.Arbitrary<Json> = fc.oneof(
  word,
  fc.array(word, { maxLength: 3 }),
  fc.constantFrom<Json>('', '*', '**', 'a/b', '..', 7, 1.5, 2 ** 53, true, null, {}, ['a', ['b']], ['*', 1]),
);

export const principal: fc.Arbitrary<Principal> = fc.record({
  subject: fc.constant('u-1'),
  roles: fc.uniqueArray(role, { maxLength: 2 }),
  claims: fc.dictionary(claimName, claimValue),
});

export const path: fc.Arbitrary<TopicPath> = fc
  .array(fc.oneof(word, fc.constantFrom('%2A', 'a%2Fb', '7', '%2E%2E')), { minLength: 1, maxLength: 4 })
  .map((segments) => pathOf(segments.join('/')));

/** A value that has the members which the rules hide, plain, nested and in lists. */
export const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Json>(null, 1, 'text'),
    fc.dictionary(fc.constantFrom('p', 'q', 'r', 's', 'open'), tie('value'), { maxKeys: 4 }),
    fc.array(tie('value'), { maxLength: 2 }),
  ),
})).value;

export function pathOf(text: string): TopicPath {
  const parsed = parsePath(text);
  if (!parsed.ok) throw new Error(`${text} ${parsed.fault}`);
  return parsed.path;
}
