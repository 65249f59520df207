// The loop from the slot to what is durable and back to the slot, killed at random points of it again and again: nothing is lost,
// nothing comes twice, and the slot never forgets what is not durable.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';

import { SourceUnavailable, type Source, type SourceEvent } from '../../../connectors/contract.js';
import { Chance } from '../../../connectors/kit/chance.js';
import { createPostgres } from '../../../connectors/postgres/postgres.js';
import { until as untilTrue } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { ChangeWriter, CHANGES_TABLE } from './change-writer.js';
import { loopbackOutbound } from '../../support/outbound.js';

const KILLS = isLong ? 150 : 30;
const SEED = isLong ? Math.floor(Math.random() * 1_000_000) : 1;
const SLOT = 'killed';
const REPORT_MS = 10;
/** Changes of a transaction in whose middle the connection ends, and about how many bytes the server sends of it. */
const MANY = { changes: 5_000, bytes: 350_000 };

/** A change as it was read. */
interface Change {
  readonly lsn: bigint;
  readonly tx: number;
  readonly i: number;
}

/** What survives a kill: changes and the position after them, written in one go. */
class Durable {
  readonly changes: Change[] = [];
  readonly positions = new Map<string, string>();

  append(event: Extract<SourceEvent, { type: 'records' | 'cleared' }>): void {
    this.positions.set(event.partition, event.position);
    if (event.type === 'cleared') throw new Error('nothing was truncated');
    for (const { value, offset } of event.records) {
      const { tx, i } = JSON.parse(String(value)) as { tx: number; i: number };
      this.changes.push({ lsn: lsnOf(String(offset)), tx, i });
    }
  }
}

/** Of an LSN, or of an offset: `0/16B3748+12`. */
function lsnOf(text: string): bigint {
  const [, high = '', low = ''] = /^([0-9A-F]+)\/([0-9A-F]+)/.exec(text) ?? [];
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

function createSource(url: string): Source {
  const quiet = { info: () => undefined, warn: () => undefined };
  // The server hears of what is acknowledged at once, so that it is not too late for a kill
  const timings = { reportMs: REPORT_MS, deadAfterMs: 30_000 };
  const options = { url, slot: { name: SLOT } };
  return createPostgres(options, { name: 'killed', log: quiet, outbound: loopbackOutbound }, { timings });
}

describe.each(isLong ? ([15, 18] as const) : ([18] as const))('on Postgres %d', (version) => {
  let server: PostgresServer;
  beforeAll(async () => void (server = await startPostgres({ version })));
  afterAll(() => server.close());

  test(`B3 B4 B19 G12 a reader killed between taking, storing and acknowledging loses nothing and repeats nothing (seed ${SEED})`, async () => {
    const database = await server.createDatabase();
    await database.sql(CHANGES_TABLE);
    const proxy = await TcpProxy.listen(server.port);
    const url = database.url().replace(`:${server.port}/`, `:${proxy.port}/`);
    const chance = new Chance(SEED);
    const writer = new ChangeWriter(database, chance);
    const durable = new Durable();
    /** What the slot had forgotten, and how many changes were durable at that moment. */
    const samples: { readonly forgotten: bigint; readonly durable: number }[] = [];
    const sample = async (): Promise<void> => {
      const count = durable.changes.length;
      const [slot] = await database.sql(
        `SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = '${SLOT}'`,
      );
      samples.push({ forgotten: lsnOf(String(slot?.['lsn'])), durable: count });
    };
    await readOn({ source: createSource(url), durable, chance, until: 'live' });
    for (let kill = 0; kill < KILLS; kill++) {
      for (let n = chance.pick(6); n > 0; n--) await writer.step();
      await sample();
      // Now and then it lives long enough to get over the loss of a connection
      const isCut = chance.isOneOf(1, 6);
      const source = createSource(url);
      const reading = readOn({
        source,
        durable,
        chance,
        until: isCut ? 20 + chance.pick(20) : chance.pick(8),
      });
      if (chance.isOneOf(1, 2)) await writer.step();
      if (isCut) {
        proxy.cutAfter(chance.pick(MANY.bytes), 'from-server');
        await writer.writeMany(MANY.changes);
      }
      await reading;
      await sample();
    }
    await writer.close();
    const all = (await database.sql('SELECT tx, i FROM change')) as unknown as Change[];
    const isWhole = () => durable.changes.length >= all.length;
    while (!isWhole()) await readOn({ source: createSource(url), durable, chance, until: isWhole });
    await sample();
    await proxy.close();

    const text = ({ tx, i }: Change): string => `${tx}.${i}`;
    expect(durable.changes.map(text).sort()).toEqual(all.map(text).sort());
    expectWholeTransactions(durable.changes);
    for (const { forgotten, durable: count } of samples) {
      const lost = durable.changes.slice(count).filter(({ lsn }) => lsn < forgotten);
      expect(lost).toEqual([]);
    }
    expect(proxy.cuts).toBeGreaterThan(0);
    const places = new Set(samples.map(({ forgotten }) => forgotten)).size;
    expect(places).toBeGreaterThan(KILLS / 20);
    console.info(
      `${KILLS} kills, ${all.length} changes, ${places} places acknowledged, ${proxy.cuts} connections cut`,
    );
  }, 600_000);
});

interface ReadingOn {
  readonly source: Source;
  readonly durable: Durable;
  readonly chance: Chance;
  /** So many events are taken; or all that come until then. */
  readonly until: number | 'live' | (() => boolean);
}

/** Reads on from what is durable, and is killed: with an event in hand, stored but not acknowledged, or acknowledged. */
async function readOn({ source, durable, chance, until }: ReadingOn): Promise<void> {
  const ending = new AbortController();
  const giveUp = chance.pick(3);
  // The server may not have noticed yet that the former reader is gone
  const isFree = () =>
    source.probe(ending.signal).then(
      () => true,
      (error: unknown) => {
        if (error instanceof SourceUnavailable) return false;
        throw error;
      },
    );
  await untilTrue('the slot to be free', isFree);
  let left = typeof until === 'number' ? until : Infinity;
  // Where nothing comes, the kill comes all the same
  const livesLong = typeof until !== 'number' || until > 8;
  const lateMs = typeof until === 'number' && livesLong ? 1_000 : 20 + chance.pick(150);
  const late = setTimeout(() => typeof until === 'number' && ending.abort(), lateMs);
  try {
    for await (const event of source.read(new Map(durable.positions), ending.signal)) {
      if (event.type === 'live' && (until === 'live' || (!livesLong && chance.isOneOf(1, 2)))) break;
      if (event.type !== 'records' && event.type !== 'cleared') continue;
      if (chance.isOneOf(1, 5)) await wait(2 * REPORT_MS); // a slow disk: the server hears of us meanwhile
      if (--left < 0) {
        // Taken, and lost with the process before it was durable
        if (giveUp === 0) break;
        if (giveUp === 1) ending.abort();
        else await source.close();
        continue;
      }
      durable.append(event);
      if (chance.isOneOf(2, 3)) {
        await source.ack(event.partition, event.position);
        if (chance.isOneOf(1, 3)) await wait(2 * REPORT_MS);
      }
      if (typeof until === 'function' && until()) break;
    }
  } catch (error) {
    // Cut before it streamed: the core tries again, as the next reader does here
    if (!(error instanceof SourceUnavailable)) throw error;
  }
  clearTimeout(late);
  ending.abort();
  await source.close();
}

/** Changes of a transaction come together and in their order. */
function expectWholeTransactions(changes: readonly Change[]): void {
  const seen = new Set<number>();
  let last: Change | undefined;
  for (const change of changes) {
    if (change.tx === last?.tx) expect(change.i).toBe(last.i + 1);
    else {
      expect([change.i, seen.has(change.tx)]).toEqual([1, false]);
      seen.add(change.tx);
    }
    last = change;
  }
}
