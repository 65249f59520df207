// The steps of a history: plain data, so that a failing history can be shrunk, printed, kept and run again.

import {
  ACCOUNTS,
  FIELDS,
  FILTERS,
  keyOf,
  PARTITIONS,
  crowd,
  partitionOf,
  PEOPLE,
  POLICIES,
  recordText,
  SYMBOLS,
} from './universe.js';
import type { Booking } from './ledger.js';
import type { Simulation } from './simulation.js';

/** Numbers choose from the lists of the universe, or from the clients that are there, modulo their length. */
export type Action =
  | {
      readonly do: 'write';
      readonly key: number;
      readonly account: number;
      readonly symbol: number;
      readonly price: number;
      readonly detail: number;
    }
  /** More paths than a walk gives in one turn. */
  | { readonly do: 'crowd' }
  | { readonly do: 'delete'; readonly key: number }
  | { readonly do: 'spoil'; readonly key: number; readonly how: number }
  /** A transaction of the atomic source, or `isPart` of one that goes on with the next. */
  | { readonly do: 'book'; readonly bookings: readonly Booking[]; readonly isPart: boolean }
  | { readonly do: 'repeat'; readonly partition: number }
  | { readonly do: 'interrupt' }
  | { readonly do: 'fail'; readonly isDown: boolean }
  | { readonly do: 'heal' }
  | { readonly do: 'lose-history'; readonly keys: readonly number[] }
  | {
      readonly do: 'open';
      readonly person: number;
      readonly lifeMs: number | undefined;
      readonly acks: boolean;
    }
  | {
      readonly do: 'subscribe';
      readonly client: number;
      readonly filters: readonly number[];
      readonly fields: number;
    }
  | { readonly do: 'unsubscribe'; readonly client: number; readonly nth: number }
  | { readonly do: 'cut'; readonly client: number }
  | { readonly do: 'pause' | 'resume'; readonly client: number }
  | { readonly do: 'resync'; readonly client: number; readonly nth: number }
  | {
      readonly do: 'refresh';
      readonly client: number;
      readonly person: number;
      readonly lifeMs: number | undefined;
    }
  | { readonly do: 'policy'; readonly policy: number }
  | { readonly do: 'pass'; readonly ms: number };

/** An action, and how many ready turns run before the next one. */
export type Step = Action & { readonly turns: number };

/** A whole run of the simulation: the same plan always goes the same way. */
export interface Plan {
  readonly seed: number;
  /** Clients may be far behind before they lag. */
  readonly isRoomy?: boolean;
  readonly steps: readonly Step[];
}

/** What cannot be mapped, each for another reason. */
const SPOILT = [
  '{"account":',
  '{"account":"alpha","price":1}',
  '{"account":null,"symbol":"s"}',
  '[]',
  '{"account":{},"symbol":"s"}',
  '',
];

export function act(simulation: Simulation, action: Action): void | Promise<void> {
  const { upstream, clock } = simulation;
  switch (action.do) {
    case 'write': {
      const key = keyOf(action.key);
      const { price, detail } = action;
      const text = recordText({
        account: of(ACCOUNTS, action.account),
        symbol: of(SYMBOLS, action.symbol),
        price,
        detail,
      });
      return upstream.write({ partition: partitionOf(key), key, text });
    }
    case 'crowd':
      for (const fact of crowd()) upstream.write(fact);
      return clock.pass(1); // until they are all there
    case 'delete':
    case 'spoil': {
      const key = keyOf(action.key);
      const text = action.do === 'delete' ? null : of(SPOILT, action.how);
      return upstream.write({ partition: partitionOf(key), key, text });
    }
    case 'book':
      return simulation.ledger.book(action.bookings, action);
    case 'repeat':
      return upstream.repeatLast(of(PARTITIONS, action.partition));
    case 'interrupt':
      return upstream.interrupt();
    case 'fail':
      return upstream.fail(action);
    case 'heal':
      return upstream.heal();
    case 'lose-history':
      return upstream.loseHistory(action.keys.map((key) => keyOf(key)));
    case 'open':
      simulation.open({
        person: of(PEOPLE, action.person),
        expiresAt: expiry(clock.now(), action.lifeMs),
        acks: action.acks,
      });
      return;
    case 'policy':
      return simulation.setPolicy(of(POLICIES, action.policy));
    case 'pass':
      return clock.pass(action.ms);
    default:
      return actOnClient(simulation, action);
  }
}

type ClientAction = Extract<Action, { readonly client: number }>;

function actOnClient({ clients, clock }: Simulation, action: ClientAction): void {
  const open = clients.filter((each) => each.isOpen);
  if (open.length === 0) return;
  const client = of(open, action.client);
  switch (action.do) {
    case 'subscribe':
      return client.subscribe({
        filters: action.filters.map((filter) => of(FILTERS, filter)),
        fields: of(FIELDS, action.fields),
      });
    case 'unsubscribe':
      return client.unsubscribe(action.nth);
    case 'cut':
      return client.cut();
    case 'pause':
      return client.client.pause();
    case 'resume':
      return client.client.resume();
    case 'resync':
      return client.resync(action.nth);
    case 'refresh':
      return client.refresh(of(PEOPLE, action.person), expiry(clock.now(), action.lifeMs));
  }
}

/** Runs a plan to its end and holds everything against the oracle, first with the troubles that there are, then without. */
export async function run(simulation: Simulation, plan: Plan): Promise<void> {
  for (const step of plan.steps) {
    await act(simulation, step);
    await simulation.clock.turn(step.turns);
    simulation.check();
  }
  simulation.ledger.complete();
  await simulation.quiet({ isSourceLive: !simulation.upstream.isDown });
  simulation.upstream.heal();
  await simulation.quiet({ isSourceLive: true });
  await simulation.end();
}

function expiry(now: number, lifeMs: number | undefined): number | undefined {
  return lifeMs === undefined ? undefined : now + lifeMs;
}

function of<T>(list: readonly T[], number: number): T {
  return list[number % list.length] as T;
}
