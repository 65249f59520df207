// What can be wrong with a slot, as a real server says it, becomes the error of the contract that leads to the right next step.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { HistoryLost, OptionsRejected, SourceUnavailable } from '../../../connectors/contract.js';
import {
  openReplication,
  type ReplicationSession,
} from '../../../connectors/postgres/connection/replication-session.js';
import { isSlotLost, slotState, type SlotState } from '../../../connectors/postgres/connection/slot.js';
import { enterSnapshot } from '../../../connectors/postgres/snapshot.js';
import { until } from '../../support/kafka.js';
import type { PostgresVersion } from '../../support/postgres-install.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { accessTo, unaborted, withSql } from './connecting.js';
import { openStream, preparedSlot, readAll, uniqueSlot } from './slot-reading.js';

const versions: readonly PostgresVersion[] = [15, 18];

describe.each(versions)('slots of Postgres %i', (version) => {
  let server: PostgresServer;
  let database: TestDatabase;

  beforeAll(async () => {
    server = await startPostgres({ version, walSegmentMb: 1, settings: { max_replication_slots: 4 } });
    database = await server.createDatabase();
  }, 60_000);
  afterAll(() => server?.close());

  const state = (slot: string): Promise<SlotState | undefined> =>
    withSql(accessTo(database.url()), (sql) => slotState(sql, slot));

  async function withReplication<T>(use: (session: ReplicationSession) => Promise<T>): Promise<T> {
    const session = await openReplication(accessTo(database.url()), unaborted());
    try {
      return await use(session);
    } finally {
      await session.close();
    }
  }

  async function streamError(slot: string): Promise<Error | undefined> {
    const stream = await openStream(accessTo(database.url()), slot);
    const error = await readAll(stream).ended;
    await stream.close();
    return error;
  }

  test('a snapshot whose connection was lost meanwhile is to be tried again, and is no fault of the options', async () => {
    await database.sql('CREATE PUBLICATION nothing');
    const slot = { name: uniqueSlot(), temporary: true, failover: false };
    const { snapshotName } = await withReplication((session) => session.createSlot(slot));
    const selection = { publication: 'nothing' };
    const entering = withSql(accessTo(database.url()), async (sql) => {
      await until('the server to have let go', async () => (await slotState(sql, slot.name)) === undefined);
      return enterSnapshot(sql, snapshotName, selection);
    });
    await expect(entering).rejects.toBeInstanceOf(SourceUnavailable);
  });

  test('a new slot has a snapshot without gap to its stream, and is seen from outside', async () => {
    await database.sql('CREATE TABLE early AS SELECT 1 AS n');
    const slot = uniqueSlot();
    await withReplication(async (session) => {
      const { consistentPoint, snapshotName } = await session.createSlot({
        name: slot,
        temporary: true,
        failover: false,
      });
      await database.sql('INSERT INTO early VALUES (2)');
      const seen = await withSql(accessTo(database.url()), (sql) =>
        sql.query(
          `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '${snapshotName}'; SELECT n FROM early`,
        ),
      );
      expect(seen).toEqual([{ n: '1' }]);
      expect(await state(slot)).toMatchObject({
        ...{ plugin: 'pgoutput', database: database.name, isTemporary: true, confirmedLsn: consistentPoint },
        ...{ walStatus: 'reserved', activePid: expect.any(Number), isFailover: false },
      });
    });
    await until('the slot to be gone with its session', async () => (await state(slot)) === undefined);
  });

  test('a slot for standbys needs Postgres 17', async () => {
    const slot = uniqueSlot();
    await withReplication(async (session) => {
      const created = session.createSlot({ name: slot, temporary: false, failover: true });
      if (version < 17) {
        await expect(created).rejects.toThrow(OptionsRejected);
        await expect(created).rejects.toThrow('needs Postgres 17');
        return;
      }
      await created;
      expect(await state(slot)).toMatchObject({ isTemporary: false, isFailover: true });
      await session.dropSlot(slot);
    });
  });

  test('dropping one that is not there is no error, and one that is read passes', async () => {
    const slot = await preparedSlot(database, accessTo(database.url()));
    const stream = await openStream(accessTo(database.url()), slot);
    const reading = readAll(stream);
    await until('the stream to run', () => reading.keepaliveTo > 0n);
    await withReplication(async (session) => {
      const dropped = session.dropSlot(slot);
      await expect(dropped).rejects.toThrow(SourceUnavailable);
      await expect(dropped).rejects.toThrow(`somebody else reads slot ${slot}`);
      expect(await streamError(slot)).toBeInstanceOf(SourceUnavailable);
      await stream.close();
      await until('the slot to be free', async () => (await state(slot))?.activePid === undefined);
      await session.dropSlot(slot);
      await session.dropSlot(slot);
    });
  });

  test('a slot that is there cannot be made, and one too many cannot either: both pass', async () => {
    const create = (session: ReplicationSession, name: string): Promise<unknown> =>
      session.createSlot({ name, temporary: true, failover: false });
    await withReplication(async (holder) => {
      const names = [uniqueSlot(), uniqueSlot(), uniqueSlot()];
      for (const name of names) await create(holder, name);
      await withReplication(async (session) => {
        const taken = create(session, names[0] ?? '');
        await expect(taken).rejects.toThrow(SourceUnavailable);
        await expect(taken).rejects.toThrow('somebody else made slot');
        await create(holder, uniqueSlot());
        const oneMore = create(session, uniqueSlot());
        await expect(oneMore).rejects.toThrow(SourceUnavailable);
        await expect(oneMore).rejects.toThrow('max_replication_slots');
      });
    });
  });

  test('B6 a slot that was dropped means that history is lost', async () => {
    const error = await streamError(uniqueSlot());
    expect(error).toBeInstanceOf(HistoryLost);
    expect(error?.message).toContain('was dropped');
  });

  test('B7 a slot that the server gave up means that history is lost', async () => {
    const slot = await preparedSlot(database, accessTo(database.url()));
    server.configure({ max_slot_wal_keep_size: '1MB' });
    await server.reload();
    await until('the slot to be lost', async () => {
      await database.sql('SELECT pg_switch_wal(); CHECKPOINT; INSERT INTO item SELECT 0 WHERE false');
      await database.sql("SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))");
      const seen = await state(slot);
      return seen !== undefined && isSlotLost(seen);
    });
    expect(await streamError(slot)).toBeInstanceOf(HistoryLost);
    await withReplication((session) => session.dropSlot(slot));
    server.configure({ max_slot_wal_keep_size: '-1' });
    await server.reload();
  });

  test('changes that were made without the publication mean that history is lost', async () => {
    const slot = await preparedSlot(database, accessTo(database.url()));
    await database.sql("DROP PUBLICATION tailrace; INSERT INTO item VALUES (1, 'a')");
    await database.sql("CREATE PUBLICATION tailrace FOR TABLE item; INSERT INTO item VALUES (2, 'b')");
    const stream = await openStream(accessTo(database.url()), slot);
    const reading = readAll(stream);
    const error = await reading.ended;
    expect(error).toBeInstanceOf(HistoryLost);
    expect(error?.message).toContain('publication tailrace did not exist');
    expect(reading.rows).toBe(0);
    await stream.close();
    await until('the slot to be free', async () => (await state(slot))?.activePid === undefined);
    await withReplication((session) => session.dropSlot(slot));
  });

  test('without wal_level=logical no slot can be made, and what to do is said', async () => {
    server.configure({ wal_level: 'replica' });
    await server.restart();
    await withReplication(async (session) => {
      const created = session.createSlot({ name: uniqueSlot(), temporary: true, failover: false });
      await expect(created).rejects.toThrow(OptionsRejected);
      await expect(created).rejects.toThrow('ALTER SYSTEM SET wal_level = logical');
    });
  });
});
