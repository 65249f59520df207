// The small world of the simulation: few keys, accounts, people and policies, so that they meet often.

import type { Mapping } from '../oracle/oracle.js';
import { segmentOf } from '../oracle/naive-paths.js';
import { seen, type Person, type Rule } from '../oracle/naive-rules.js';

export const PARTITIONS = ['events-0', 'events-1'] as const;
export const KEYS = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'] as const;
export const ACCOUNTS = ['alpha', 'beta', 'gam/ma'] as const;
export const SYMBOLS = ['s', 't'] as const;

/** One path that moves with the account, and one that keys of both partitions contend for. */
export const MAPPINGS: readonly Mapping[] = [
  { path: 'orders/{value.account}/{key}' },
  { path: 'latest/{value.symbol}', pick: ['/symbol', '/price', '/legs'] },
];

/** The keys of the universe, then those of the crowd. */
export function keyOf(number: number): string {
  return KEYS[number] ?? `c${(number - KEYS.length) % CROWD}`;
}

/** More than a walk gives in one turn. */
export const CROWD = 270;

export function partitionOf(key: string): string {
  return PARTITIONS[Number(key.slice(1)) % PARTITIONS.length] ?? PARTITIONS[0];
}

/** The text that must reach nobody who may not see the margins of the account. */
export function marginOf(account: string, level: number): string {
  return `margin-of-${account}-${level}`;
}

/** What a record of an account looks like. `detail` changes what is nested, and is hidden from some. */
export function recordText(o: { account: string; symbol: string; price: number; detail: number }): string {
  const { account, symbol, price, detail } = o;
  const legs = Array.from({ length: 2 + (detail % 5) }, (_, i) => ({
    size: i === detail % 2 ? price : i,
    cost: marginOf(account, i),
  }));
  const note = detail % 3 === 0 ? {} : { note: detail % 3 === 1 ? null : { text: 'é"\n', by: account } };
  return JSON.stringify({ account, symbol, price, margin: marginOf(account, detail), legs, ...note });
}

/** One record for each of many keys that nothing else speaks of. */
export function crowd() {
  return Array.from({ length: CROWD }, (_, i) => {
    const text = recordText({ account: 'alpha', symbol: 's', price: i, detail: 4 });
    const key = keyOf(KEYS.length + i);
    return { partition: partitionOf(key), key, text };
  });
}

export const PEOPLE: readonly Person[] = [
  { roles: ['trader'], claims: {} },
  { roles: ['customer'], claims: { account: 'alpha' } },
  { roles: ['customer'], claims: { account: ['beta', 'gam/ma'] } },
  { roles: ['auditor', 'clerk'], claims: { region: ['EU', 'UK'] } },
  { roles: [], claims: {} },
];

/** Each is the whole of a policy; a policy change goes from one to another. */
export const POLICIES: readonly (readonly Rule[])[] = [
  [
    { allow: ['trader'], paths: ['orders/**', 'latest/*', 'ledger/**'] },
    { allow: ['customer'], paths: ['orders/{claims.account}/*'], hide: ['/margin', '/legs/cost'] },
    { allow: ['customer'], paths: ['ledger/{claims.account}/*'], hide: ['/by'] },
    { allow: ['auditor'], claims: { region: 'EU' }, paths: ['orders/**'], hide: ['/margin', '/legs'] },
    { allow: ['clerk'], paths: ['orders/*/*'], hide: ['/margin', '/legs/cost', '/note'] },
    { allow: 'everyone', paths: ['latest/*'], hide: ['/legs'] },
    { allow: 'everyone', paths: ['ledger/total'] },
  ],
  [
    { allow: ['trader'], paths: ['orders/**'], hide: ['/note/by', '/price'] },
    { allow: ['trader', 'clerk'], paths: ['ledger/*/*'], hide: ['/amount'] },
    { deny: ['clerk'], paths: ['ledger/*/1'] },
    { allow: ['customer'], paths: ['orders/{claims.account}/*'], hide: ['/margin', '/legs'] },
    { deny: ['customer', 'clerk'], paths: ['orders/alpha/k1', 'orders/*/k2'] },
    { allow: ['clerk'], paths: ['orders/beta/*', 'latest/s'], hide: ['/margin', '/legs/cost'] },
  ],
  [
    { allow: 'everyone', paths: ['latest/**'] },
    { deny: 'everyone', paths: ['latest/t'] },
    { allow: 'everyone', paths: ['ledger/**'] },
    { deny: ['customer'], paths: ['ledger/*/0'] },
    { allow: ['customer'], paths: ['orders/{claims.account}/*'] },
    { deny: ['trader'], paths: ['orders/**'] },
  ],
];

export const FILTERS = [
  '**',
  'orders/**',
  'orders/*/k1',
  'orders/alpha/*',
  'latest/*',
  'latest/s',
  'orders/beta/k3',
  'ledger/**',
  'ledger/alpha/*',
  'ledger/*/0',
] as const;
export const FIELDS = [
  undefined,
  undefined,
  ['/price', '/legs', '/amount'],
  ['/note/text', '/margin'],
] as const;

/** Texts that may stand in nothing that the person is sent: what the rules show of no path of an account. */
export function secretsFor(rules: readonly Rule[], person: Person): string[] {
  return ACCOUNTS.flatMap((account) => {
    const path = (key: string) => `orders/${segmentOf(account)}/${key}`;
    const value = { margin: 1, legs: [{ cost: 1 }] };
    const shown = KEYS.map((key) => JSON.stringify(seen(rules, person, path(key), value)));
    const latest = SYMBOLS.map((symbol) =>
      JSON.stringify(seen(rules, person, `latest/${symbol}`, { legs: value.legs })),
    );
    return [
      ...(shown.every((one) => one === undefined) ? [`"${path('')}`] : []),
      ...([...shown, ...latest].every((one) => !/margin|cost/.test(one ?? ''))
        ? [`margin-of-${account}`]
        : []),
    ];
  });
}
