// Which plans the simulation draws. Form A troubles the source, form B the sessions; each has the other's plain steps too. Form C has
// many paths, form D transactions.

import fc from 'fast-check';
import type { Action, Plan, Step } from './steps.js';

const small = fc.nat({ max: 5 });
const price = fc.nat({ max: 3 });
const lifeMs = fc.option(fc.constantFrom(3, 500, 20_000), { nil: undefined, freq: 3 });

const write = (key: fc.Arbitrary<number>): fc.Arbitrary<Action> =>
  fc.record({
    do: fc.constant('write' as const),
    key,
    account: small,
    symbol: small,
    price,
    detail: fc.nat({ max: 11 }),
  });
const remove = (key: fc.Arbitrary<number>): fc.Arbitrary<Action> =>
  fc.record({ do: fc.constant('delete' as const), key });
const spoil: fc.Arbitrary<Action> = fc.record({ do: fc.constant('spoil' as const), key: small, how: small });
const repeat: fc.Arbitrary<Action> = fc.record({ do: fc.constant('repeat' as const), partition: small });
const book = (amounts: fc.Arbitrary<number>): fc.Arbitrary<Action> =>
  fc.record({
    do: fc.constant('book' as const),
    bookings: fc.array(
      fc.record({ path: fc.nat({ max: 6 }), amount: fc.option(amounts, { nil: undefined, freq: 4 }) }),
      { minLength: 1, maxLength: 7 },
    ),
    isPart: fc.constantFrom(false, false, false, true),
  });
const subscribe: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('subscribe' as const),
  client: small,
  filters: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 3 }),
  fields: small,
});
const unsubscribe: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('unsubscribe' as const),
  client: small,
  nth: small,
});
const cut: fc.Arbitrary<Action> = fc.record({ do: fc.constant('cut' as const), client: small });
const pass: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('pass' as const),
  ms: fc.constantFrom(1, 15, 40, 600, 3_000),
});
const open = (life: fc.Arbitrary<number | undefined>): fc.Arbitrary<Action> =>
  fc.record({ do: fc.constant('open' as const), person: small, lifeMs: life, acks: fc.boolean() });

const sourceTrouble: fc.Arbitrary<Action> = fc.oneof(
  fc.constant({ do: 'interrupt' as const }),
  fc.record({ do: fc.constant('fail' as const), isDown: fc.boolean() }),
  fc.constant({ do: 'heal' as const }),
  fc.record({ do: fc.constant('lose-history' as const), keys: fc.array(small, { maxLength: 2 }) }),
);

const sessionTrouble: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const), client: small }),
  fc.record({ do: fc.constant('resync' as const), client: small, nth: small }),
  fc.record({ do: fc.constant('refresh' as const), client: small, person: small, lifeMs }),
  fc.record({ do: fc.constant('policy' as const), policy: small }),
);

function plans(
  actions: fc.Arbitrary<Action>,
  first: readonly fc.Arbitrary<Action>[],
  steps: number,
): fc.Arbitrary<Plan> {
  const turns = fc.constantFrom(0, 0, 1, 2, 100);
  const step = (action: fc.Arbitrary<Action>) =>
    fc.tuple(action, turns).map(([a, n]): Step => ({ ...a, turns: n }));
  const rest = fc.array(step(actions), { maxLength: steps, size: 'max' });
  return fc
    .tuple(fc.nat(), fc.boolean(), fc.tuple(...first.map(step)), rest)
    .map(([seed, isRoomy, begin, then]) => ({ seed, isRoomy, steps: [...begin, ...then] }));
}

/** Writes, moves, deletes, repeats, rejected records and a source in trouble, before a few sessions that come and go. */
export const sourcePlans = plans(
  fc.oneof(
    { arbitrary: write(small), weight: 12 },
    { arbitrary: remove(small), weight: 3 },
    { arbitrary: spoil, weight: 2 },
    { arbitrary: repeat, weight: 1 },
    { arbitrary: sourceTrouble, weight: 3 },
    { arbitrary: open(fc.constant(undefined)), weight: 1 },
    { arbitrary: subscribe, weight: 2 },
    { arbitrary: unsubscribe, weight: 1 },
    { arbitrary: cut, weight: 1 },
    { arbitrary: pass, weight: 3 },
  ),
  [open(fc.constant(undefined)), subscribe],
  45,
);

/** Many sessions: overlapping filters and fields, hidden parts, other policies, new and expired tokens, slow readers. */
export const sessionPlans = plans(
  fc.oneof(
    { arbitrary: write(small), weight: 14 },
    { arbitrary: remove(small), weight: 3 },
    { arbitrary: spoil, weight: 1 },
    { arbitrary: sessionTrouble, weight: 8 },
    { arbitrary: open(lifeMs), weight: 2 },
    { arbitrary: subscribe, weight: 5 },
    { arbitrary: unsubscribe, weight: 1 },
    { arbitrary: cut, weight: 1 },
    { arbitrary: pass, weight: 4 },
  ),
  [open(lifeMs), open(lifeMs), subscribe, subscribe],
  45,
);

/** Of sessions that see most of the atomic source, and are soon behind it. */
const openToLedger: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('open' as const),
  person: fc.constantFrom(0, 0, 0, 1, 3),
  lifeMs: fc.constantFrom(undefined, undefined, 4_000),
  acks: fc.constantFrom(true, true, false),
});
const subscribeToLedger: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('subscribe' as const),
  client: small,
  filters: fc.array(fc.constantFrom(0, 7, 7, 8, 9), { minLength: 1, maxLength: 2 }),
  fields: small,
});

/** Transactions of the atomic source, whole and in parts, before sessions that come and go, lag for long, and get other rights. */
export const ledgerPlans = plans(
  fc.oneof(
    { arbitrary: book(fc.nat({ max: 9 })), weight: 16 },
    { arbitrary: write(small), weight: 3 },
    { arbitrary: sessionTrouble, weight: 3 },
    { arbitrary: openToLedger, weight: 1 },
    { arbitrary: subscribeToLedger, weight: 3 },
    { arbitrary: unsubscribe, weight: 2 },
    {
      arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(40, 600, 1_000) }),
      weight: 9,
    },
  ),
  [openToLedger, openToLedger, subscribeToLedger, subscribeToLedger],
  45,
);

/** More paths than a walk gives in one turn, so that changes come behind and ahead of it. */
export const crowdPlans = plans(
  fc.oneof(
    { arbitrary: write(fc.nat({ max: 275 })), weight: 10 },
    { arbitrary: remove(fc.nat({ max: 275 })), weight: 4 },
    { arbitrary: book(price), weight: 4 },
    { arbitrary: sessionTrouble, weight: 2 },
    { arbitrary: subscribe, weight: 2 },
    { arbitrary: pass, weight: 6 },
  ),
  [fc.constant({ do: 'crowd' as const }), open(fc.constant(undefined)), subscribe],
  30,
);
