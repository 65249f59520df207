import { describe, expect, test } from '@jest/globals';
import { OwedBracket } from '../../src/fanout/arrears.js';
import type { FanOut } from '../../src/fanout/fan-out.js';
import type { Promised } from '../checker/violation.js';
import {
  delayMessage,
  forget,
  hasOp,
  hasTag,
  loseMessage,
  once,
  perLine,
  reading,
  type Line,
  type LineFault,
} from './faults.js';
import { LEDGER_PATHS } from './ledger.js';
import { simulate } from './replay.js';
import type { SimulationOptions } from './simulation.js';
import type { Action, Plan } from './steps.js';

// A checker that has never failed proves nothing. Each test plants one bug from outside, in the lines on their way or at a seam
// of the core, and the very run that is clean without it must fail with it.

const ACCOUNT_ALPHA = { account: 0, detail: 4 };
const write = (key: number, price: number): Action => ({
  do: 'write',
  key,
  symbol: 0,
  price,
  ...ACCOUNT_ALPHA,
});
const wait = (ms: number): Action => ({ do: 'pass', ms });
const join = (client: number, filter = 0): Action => ({
  do: 'subscribe',
  client,
  filters: [filter],
  fields: 0,
});
const TRADER = { do: 'open', person: 0, lifeMs: undefined, acks: true } as const;
const CUSTOMER = { do: 'open', person: 1, lifeMs: undefined, acks: false } as const;

/** Values before and after the joins, changes, a delete and a new beginning, a spoilt record, other rules, an outage. */
const ACTIONS: readonly Action[] = [
  ...[write(0, 1), write(1, 1), { do: 'write', key: 2, symbol: 1, price: 1, ...ACCOUNT_ALPHA } as const],
  ...[TRADER, CUSTOMER, { ...CUSTOMER, lifeMs: 10_000 }, join(0), join(1), join(2), wait(100)],
  ...[
    write(0, 2),
    wait(100),
    write(0, 3),
    wait(100),
    { do: 'delete', key: 0 } as const,
    wait(100),
    write(0, 4),
    wait(100),
  ],
  ...[{ do: 'spoil', key: 1, how: 1 } as const, wait(100), { do: 'interrupt' } as const, wait(3_000)],
  ...[
    { do: 'policy', policy: 2 } as const,
    wait(100),
    write(0, 5),
    wait(100),
    { do: 'delete', key: 2 } as const,
    wait(10_000),
  ],
  ...[write(0, 9), wait(100), { do: 'fail', isDown: true } as const],
];

const SCENARIO: Plan = { seed: 1, steps: ACTIONS.map((action) => ({ ...action, turns: 100 })) };

type Planted = Omit<SimulationOptions, 'seed'>;

async function expectCaught(promised: Promised, planted: Planted, scenario = SCENARIO): Promise<void> {
  await expect(simulate(scenario, planted)).rejects.toMatchObject({ name: 'Violation', promised });
}

/** Takes the place of a line that is lost, so that its message still arrives and is acknowledged. */
const HARMLESS_LINE = [11, []];

/** `fault` makes the fault anew for each client. */
function inLines(fault: () => LineFault): Planted {
  return { proxy: () => perLine(fault()) };
}

/** The edge with one of its methods replaced. */
function atEdge(change: (edge: FanOut) => Partial<FanOut>): Planted {
  return { edge: (edge) => Object.assign(edge, change(edge)) };
}

/** In whatever form: `"price":9`, `"value":9`. */
const says = (price: number) => (line: unknown) =>
  Array.isArray(line) && JSON.stringify(line).includes(`":${price}`);

/** Says once more, when `moment` comes, what it said of a path before. */
function sayAgain(path: string, moment: (line: Line) => boolean): LineFault {
  let said: Line | undefined;
  return once(
    (line) => {
      if (line[5] === path) said = line;
      return said !== undefined && moment(line);
    },
    (line) => [line, said],
  );
}

/** All rows of the atomic source. */
const book = (amount: number, isPart = false): Action => ({
  do: 'book',
  bookings: LEDGER_PATHS.map((_, path) => ({ path, amount })),
  isPart,
});

/** Transactions before a session that keeps up, one in parts, and then so many that it lags while it is given what it is owed. */
const LEDGER_ACTIONS: readonly Action[] = [
  ...[TRADER, join(0, 7), wait(100), book(1), wait(1_500)],
  ...[book(2, true), wait(1_500), book(3), wait(1_500)],
  ...[{ do: 'pause', client: 0 } as const, book(4), wait(100), book(5), wait(2_500)],
  ...[{ do: 'resume', client: 0 } as const, ...[6, 7, 8, 9].flatMap((n) => [wait(900), book(n)])],
];

const LEDGER_SCENARIO: Plan = { seed: 1, steps: LEDGER_ACTIONS.map((action) => ({ ...action, turns: 100 })) };

test('without a planted bug the scenarios are clean', async () => {
  await simulate(SCENARIO);
  await simulate(LEDGER_SCENARIO);
});

describe('a fault on the way to the client is caught', () => {
  test('G2 E12: a delta is dropped', () =>
    expectCaught(
      'G2',
      inLines(() => once(hasTag(2), () => [])),
    ));

  test('G1 E12: a delta is repeated', () =>
    expectCaught(
      'G1',
      inLines(() => once(hasTag(2), (line) => [line, line])),
    ));

  test('G2: a delta has a newer base than the client', () =>
    expectCaught(
      'G2',
      inLines(() => once(hasTag(2), ([tag, a, v, , patch]) => [[tag, a, Number(v) + 1, 1, patch]])),
    ));

  test('G3: a delta is damaged', () =>
    expectCaught(
      'G3',
      inLines(() => once(hasTag(2), (line) => [line.with(4, { price: 77 })])),
    ));

  test('G3: a version is one that never was', () =>
    expectCaught(
      'G3',
      inLines(() => once(hasTag(2), (line) => [line.with(2, Number(line[2]) + 0.5).with(3, 1_000)])),
    ));

  test('G4: the final value is dropped', () =>
    expectCaught(
      'G4',
      inLines(() => (line) => (says(9)(line) ? [HARMLESS_LINE] : [line])),
    ));

  test('G7: a change goes across a delete', () =>
    expectCaught(
      'G7',
      inLines(() => once(hasTag(4), (line) => [line, [1, line[1], Number(line[2]) + 1, {}]])),
    ));

  test('G4: a delete is lost, and the path does not come back', () =>
    expectCaught(
      'G4',
      inLines(() => (line) => (line[0] === 4 ? [] : [line])),
    ));

  test('G7: a path is deleted that exists', () =>
    expectCaught(
      'G7',
      inLines(() => once(hasTag(2), (line) => [line, [4, line[1], line[2]]])),
    ));

  test('G6: an entry of the snapshot is missing', () =>
    expectCaught(
      'G6',
      inLines(() => once(hasTag(0), () => [])),
    ));

  test('G6: `end` comes before the snapshot', () =>
    expectCaught(
      'G6',
      inLines(() => once(hasOp('subscribed'), (line) => [line, { op: 'end', sub: line['sub'], cut: [] }])),
    ));

  test('G6: data comes that no subscription asks for', () =>
    expectCaught(
      'G6',
      inLines(() => once(hasTag(0), (line) => [line.with(4, 77)])),
    ));

  test('G2: a change has an alias that was never defined', () =>
    expectCaught(
      'G2',
      inLines(() => once(hasTag(2), (line) => [line.with(1, 999)])),
    ));

  test('wire: an alias is given to another path', () =>
    expectCaught(
      'wire',
      inLines(() => (line) => [line[0] === 0 ? line.with(1, 5) : line]),
    ));

  test('G13: a rejected record is not told', () =>
    expectCaught(
      'G13',
      inLines(() => (line) => (line[0] === 5 ? [] : [line])),
    ));

  test('G13: an outage is not told', () =>
    expectCaught(
      'G13',
      inLines(() => (line) => (line[0] === 7 ? [] : [line])),
    ));

  test('G13: the end of an outage is not told', () =>
    expectCaught(
      'G13',
      inLines(() => (line) => (line[0] === 8 ? [] : [line])),
    ));

  test('G14: a path comes that the session may not see', () =>
    expectCaught(
      'G14',
      inLines(() => sayAgain('latest/t', hasOp('rights'))),
    ));

  test('G3: a field comes that the session may not see', () =>
    expectCaught(
      'G3',
      inLines(() => once(hasTag(0), (line) => [line.with(6, { ...(line[6] as object), hint: 1 })])),
    ));

  test('G15: the value of a hidden field stands in a notice', () =>
    expectCaught(
      'G15',
      inLines(() => once(hasOp('end'), (line) => [line, { op: 'x', note: 'margin-of-beta-4' }])),
    ));

  test('G15: the name of a path of others stands in a notice', () =>
    expectCaught(
      'G15',
      inLines(() => once(hasOp('end'), (line) => [line, { op: 'x', note: 'orders/beta/' }])),
    ));

  test('G2 E12: two messages change places', () =>
    expectCaught('G2', { proxy: () => delayMessage(hasTag(2)) }));

  test('G5: a message without changes is lost', () =>
    expectCaught('G5', { proxy: () => loseMessage(hasTag(11)) }));
});

describe('a fault behind a seam of the core is caught', () => {
  test('G4: the last update is forgotten', () =>
    expectCaught('G4', { reader: forget(({ value }) => value?.includes('"price":9') === true) }));

  test('G4: deletes do not reach the edge', () =>
    expectCaught('G4', { reader: forget(({ value }) => value === null) }));

  test('G3: updates reach the edge under other versions', () =>
    expectCaught('G3', {
      reader: (edge) =>
        reading(edge, { apply: (batch) => edge.apply({ ...batch, first: batch.first + 100 }) }),
    }));

  test('G13: an outage does not reach the edge', () =>
    expectCaught('G13', {
      reader: (edge) =>
        reading(edge, { markSource: (x, { state }) => state === 'live' && edge.markSource(x, { state }) }),
    }));

  test('G13: rejected records do not reach the edge', () =>
    expectCaught('G13', { reader: (edge) => reading(edge, { markPath: () => undefined }) }));

  test('G3: a new policy does not reach the edge', () =>
    expectCaught(
      'G3',
      atEdge(() => ({ setPolicy: () => 0 })),
    ));

  test('G14: an expired token goes on', () =>
    expectCaught(
      'G14',
      atEdge((edge) => {
        const open = edge.open.bind(edge);
        return { open: (o) => open({ ...o, expiresAt: undefined }) };
      }),
    ));
});

describe('a transaction that is torn is caught', () => {
  const expectTorn = (planted: Planted) => expectCaught('G9', planted, LEDGER_SCENARIO);
  const isBracket = (line: Line) => line[0] === 9 || line[0] === 10;

  test('G9: brackets are left out', () =>
    expectTorn(inLines(() => (line) => (isBracket(line) ? [] : [line]))));

  test('G9: a bracket stands in two messages', () =>
    expectTorn({ proxy: () => (message) => message.split(/\n(?=\[10)/) }));

  test('G9: a part is given as if it were all', () =>
    expectTorn({ reader: (edge) => reading(edge, { apply: (b) => edge.apply({ ...b, bounds: 'whole' }) }) }));

  test('G9: the end of a transaction in parts is not told', () =>
    expectTorn(inLines(() => (line) => [line[0] === 10 ? [10, 1] : line])));

  test('G9: what a lagging session is owed is given without brackets', () =>
    expectTorn({
      reader: (edge) =>
        reading(edge, {
          partitionAdded: (partition) => edge.partitionAdded({ ...partition, atomic: false }),
        }),
    }));

  test('G9: what a lagging session is owed is read when it is given, not when the bracket begins', async () => {
    const take = Object.getOwnPropertyDescriptor(OwedBracket.prototype, 'take')!;
    const late = function (this: OwedBracket): ReturnType<OwedBracket['take']> {
      const messages = (take.value as OwedBracket['take']).call(this);
      const stream = messages?.[0]?.stream;
      const keyframe = stream?.isGone === false ? stream.keyframe() : undefined;
      return keyframe === undefined ? messages : [keyframe];
    };
    Object.defineProperty(OwedBracket.prototype, 'take', { ...take, value: late });
    try {
      await expectTorn({});
    } finally {
      Object.defineProperty(OwedBracket.prototype, 'take', take);
    }
  });
});
