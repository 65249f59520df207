// Plans that once failed, smallest form, with what was wrong. They run first and for ever. To add one: paste the plan that a
// failing run prints, and say in one line what it found.

import type { Plan } from './steps.js';

interface Found {
  /** The promise that was broken, as a sentence. */
  readonly found: string;
  readonly plan: Plan;
}

const join = (client: number) => ({ do: 'subscribe', client, filters: [0], fields: 0, turns: 0 }) as const;
const open = { do: 'open', person: 0, lifeMs: undefined, acks: false, turns: 0 } as const;
const pass = (ms: number) => ({ do: 'pass', ms, turns: 0 }) as const;
const policy = (number: number) => ({ do: 'policy', policy: number, turns: 0 }) as const;
const write = (key: number, account = 0, detail = 0) =>
  ({ do: 'write', key, account, symbol: 0, price: 0, detail, turns: 0 }) as const;
const book = (...rows: (readonly [path: number, amount: number | undefined])[]) => {
  const bookings = rows.map(([path, amount]) => ({ path, amount }));
  return { do: 'book', bookings, isPart: false, turns: 0 } as const;
};

export const CORPUS: readonly Found[] = [
  {
    found: 'G6 a path that moved between a change of rights and the new walk stayed with the client for ever',
    plan: { seed: 0, steps: [open, join(0), join(0), write(0), pass(3_000), policy(4), write(0, 1)] },
  },
  {
    found: 'G6 a second change of rights kept the `end` of a snapshot whose values it dropped',
    plan: {
      seed: 0,
      steps: [
        open,
        join(0),
        join(0),
        write(0),
        write(1, 0, 2),
        pass(3_000),
        policy(1),
        { ...join(0), turns: 2 },
        policy(0),
      ],
    },
  },
  {
    found: 'G7 a delete for lost rights came for a path whose keyframe had never left the outbox',
    plan: { seed: 0, steps: [open, join(0), join(0), pass(40), write(0), policy(1)] },
  },
  {
    found: 'G7 rights that were taken and given back in one turn deleted what exists',
    plan: { seed: 0, steps: [open, join(0), join(0), write(0), pass(600), policy(1), policy(0)] },
  },
  {
    found: 'G6 a lagging session that had unsubscribed twice was still given a path',
    plan: {
      seed: 0,
      steps: [
        { ...open, acks: true },
        ...[join(0), join(0), write(0), pass(40), write(0)],
        { do: 'unsubscribe', client: 0, nth: 0, turns: 0 },
        { do: 'spoil', key: 0, how: 0, turns: 0 },
        write(3, 0, 3),
        { do: 'unsubscribe', client: 0, nth: 0, turns: 0 },
      ],
    },
  },
  {
    found:
      'G6 a session that lagged while a second subscription joined kept a path of the first that had gone',
    plan: {
      seed: 0,
      steps: [
        { ...open, acks: true },
        { ...join(0), fields: 2 },
        ...[join(0), write(0), join(0), pass(600), write(0, 0, 1), write(0)],
        { do: 'unsubscribe', client: 0, nth: 4, turns: 0 },
        ...[pass(600), write(0, 4)],
      ],
    },
  },
  {
    found: 'G13 an upstream that lost its history and went away came back stale',
    plan: {
      seed: 0,
      steps: [
        ...[open, join(0), write(0)],
        { do: 'fail', isDown: false, turns: 0 },
        { do: 'lose-history', keys: [], turns: 0 },
        { do: 'fail', isDown: true, turns: 0 },
      ],
    },
  },
  {
    found: 'G3 a source that was read anew when it went away had its delete judged before it was live',
    plan: {
      seed: 0,
      steps: [
        ...[open, join(0), write(4)],
        { do: 'lose-history', keys: [], turns: 0 },
        { do: 'spoil', key: 0, how: 0, turns: 2 },
        { do: 'interrupt', turns: 0 },
        { do: 'fail', isDown: false, turns: 0 },
        { do: 'delete', key: 4, turns: 0 },
        pass(600),
        { do: 'fail', isDown: true, turns: 0 },
      ],
    },
  },
  {
    found:
      'G4 a path that one subscription was given and another not yet, when the first ended, stayed for ever',
    plan: {
      seed: 0,
      steps: [
        { ...open, acks: true },
        { ...open, acks: true },
        ...[join(0), join(0), write(0), pass(40), book([0, 0])],
        { do: 'unsubscribe', client: 0, nth: 0, turns: 0 },
        { ...open, acks: true, turns: 100 },
        book([0, undefined]),
      ],
    },
  },
  {
    found:
      'G1 a keyframe that was shared from before an equal value had an older version than a delete since',
    plan: {
      seed: 0,
      steps: [
        { ...open, person: 1, acks: true },
        { ...open, acks: true },
        ...[join(0), join(0), pass(40), book([0, 7], [1, undefined]), book([0, 7], [1, undefined]), join(1)],
        { do: 'refresh', client: 3, person: 1, lifeMs: undefined, turns: 0 },
      ],
    },
  },
  {
    found:
      'G9 a snapshot in the midst of a transaction was not told to be, where that had deleted all it showed',
    plan: {
      seed: 0,
      isRoomy: true,
      steps: [
        { ...open, acks: true },
        { ...open, acks: true },
        ...[join(0), join(0), book([0, 0], [1, undefined]), pass(40)],
        { do: 'refresh', client: 0, person: 1, lifeMs: undefined, turns: 0 },
        { ...book([0, undefined]), isPart: true },
        pass(40),
      ],
    },
  },
];
