// Random histories of a database, each with transactions of every kind, changes of tables, restarts, cut connections and lost slots:
// whenever it rests, a subscriber holds exactly what the tables hold.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { Chance } from '../../../connectors/kit/chance.js';
import type { ValueChange } from '../../../src/receiver/held-values.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { Bridge } from './bridge.js';
import { RandomHistory } from './random-history.js';
import { HISTORY_TABLES, NEVER, randomChange, REST } from './random-statements.js';
import { publishedRows } from './table-oracle.js';

/** One alone: HISTORY_SEED=17. */
const ONLY = process.env['HISTORY_SEED'];
const HISTORIES = isLong ? 15 : 3;
const FIRST = isLong ? Math.floor(Math.random() * 1_000_000) : 1;
const RESTS = isLong ? 5 : 3;
const STEPS = 10;

describe.each([15, 18] as const)('on Postgres %d', (version) => {
  let server: PostgresServer;
  beforeAll(async () => void (server = await startPostgres({ version })));
  afterAll(() => server.close());

  const seeds = ONLY === undefined ? Array.from({ length: HISTORIES }, (_, n) => FIRST + n) : [Number(ONLY)];
  test.each(seeds)(
    'B11 B12 B13 B19 G3 G4 history %d: the cache is what the tables hold',
    async (seed) => {
      const database = await server.createDatabase();
      await database.sql(HISTORY_TABLES);
      const chance = new Chance(seed);
      const slot = chance.isOneOf(1, 2) ? `history_${seed}` : undefined;
      for (let n = 0; n < 10; n++) await database.sql(randomChange(chance));
      const history = new RandomHistory({ server, database, chance, slot });
      const faults: string[] = [];
      const changed = (change: ValueChange): void => {
        if ('value' in change && JSON.stringify(change.value).includes(NEVER))
          faults.push(`seen: ${change.path}`);
      };
      const atomic = chance.isOneOf(1, 2);
      const options = { url: database.url(), ...(slot !== undefined && { slot: { name: slot } }) };
      const bridge = await Bridge.open({ options, atomic, changed });
      try {
        for (let rest = 0; rest < RESTS; rest++) {
          for (let step = 0; step < STEPS; step++) await history.step();
          await history.settle();
          await database.sql(REST);
          await bridge.untilTrue(await publishedRows(database));
        }
        expect(faults).toEqual([]);
        expect(bridge.bugs).toEqual([]);
      } catch (error) {
        throw new Error(`HISTORY_SEED=${seed} on ${version}: ${String(error)}\n${history.steps.join('\n')}`);
      } finally {
        await history.close();
        await bridge.close();
        await database.sql(
          'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active',
        );
      }
    },
    180_000,
  );
});
