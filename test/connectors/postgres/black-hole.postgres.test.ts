// The way to the server swallows everything and closes nothing. That is noticed; and whoever gives up is free within seconds.

import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { SourceUnavailable } from '../../../connectors/contract.js';
import type { Access } from '../../../connectors/postgres/connection/access.js';
import { openReplication } from '../../../connectors/postgres/connection/replication-session.js';
import { openSql } from '../../../connectors/postgres/connection/sql-session.js';
import { until } from '../../support/kafka.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { accessTo, FAST, unaborted } from './connecting.js';
import { openStream, preparedSlot, readAll, timers, uniqueSlot } from './slot-reading.js';

/** 60 s at 1/20. */
const NOTICED_WITHIN_MS = 3_000;
const SLOWLY = `COPY (SELECT repeat('x', 9000), pg_sleep(0.2) FROM generate_series(1, 100)) TO STDOUT`;

describe('in a black hole', () => {
  let server: PostgresServer;
  let database: TestDatabase;
  let proxy: TcpProxy;
  let access: Access;

  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
    database = await server.createDatabase();
    proxy = await TcpProxy.listen(server.port);
    access = accessTo(database.url().replace(`:${server.port}/`, `:${proxy.port}/`), {
      connectTimeout: '1s',
    });
    await database.sql('CREATE TABLE big AS SELECT i, repeat($$x$$, 1000) FROM generate_series(1, 20000) i');
  }, 60_000);
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await proxy?.close();
    await server?.close();
  });

  async function timed<T>(work: Promise<T>): Promise<{ readonly outcome: T | Error; readonly ms: number }> {
    const from = performance.now();
    const outcome = await work.catch((error: unknown) => error as Error);
    return { outcome, ms: performance.now() - from };
  }

  test('B2 a stream notices', async () => {
    const stream = await openStream(access, await preparedSlot(database, access));
    const reading = readAll(stream);
    await until('the stream to run', () => reading.keepaliveTo > 0n);
    proxy.swallow();
    const { outcome, ms } = await timed(reading.ended);
    expect(outcome).toBeInstanceOf(SourceUnavailable);
    expect((outcome as Error).message).toContain('nothing was heard');
    expect(ms).toBeLessThan(NOTICED_WITHIN_MS);
    await stream.close();
  });

  test('B2 a stream that nobody took from notices once somebody does', async () => {
    const stream = await openStream(access, await preparedSlot(database, access));
    await database.sql("INSERT INTO item SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) i");
    await wait(FAST.deadAfterMs);
    proxy.swallow();
    await wait(FAST.deadAfterMs);
    const { outcome, ms } = await timed(readAll(stream).ended);
    expect(outcome).toBeInstanceOf(SourceUnavailable);
    expect(ms).toBeLessThan(NOTICED_WITHIN_MS);
    await stream.close();
  });

  test('B2 a query and a COPY that wait notice, though the connection can be asked nothing', async () => {
    const [one, two] = [await openSql(access, unaborted()), await openSql(access, unaborted())];
    const query = one.query('SELECT pg_sleep(60)');
    const copy = (async () => {
      for await (const piece of two.copyOut(SLOWLY, unaborted())) expect(piece.length).toBeGreaterThan(0);
    })();
    await wait(100);
    proxy.swallow();
    for (const { outcome, ms } of await Promise.all([timed(query), timed(copy)])) {
      expect(outcome).toBeInstanceOf(SourceUnavailable);
      expect(ms).toBeLessThan(NOTICED_WITHIN_MS);
    }
  });

  test('a server that is there may be silent for long', async () => {
    const sql = await openSql(access, unaborted());
    const seconds = (2.5 * FAST.deadAfterMs) / 1000;
    expect(await sql.query(`SELECT 'x' AS x FROM pg_sleep(${seconds})`)).toEqual([{ x: 'x' }]);
    await sql.close();
  });

  test('a pause of the taker is no silence', async () => {
    const sql = await openSql(access, unaborted());
    let lines = 0;
    for await (const piece of sql.copyOut('COPY big TO STDOUT', unaborted())) {
      if (lines === 0) await wait(2 * FAST.deadAfterMs);
      for (const byte of piece) if (byte === 0x0a) lines++;
    }
    expect(lines).toBe(20_000);
    await sql.close();
  });

  test('whatever is pending, an abort ends it within a second, and leaves no timer', async () => {
    const slot = await preparedSlot(database, access);
    await database.sql(
      "TRUNCATE item; INSERT INTO item SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) i",
    );
    const blocker = await database.connect();
    await blocker.query('BEGIN; SELECT pg_current_xact_id()');
    const before = timers();
    const aborter = new AbortController();
    const { signal } = aborter;
    const [querying, copying] = [await openSql(access, signal), await openSql(access, signal)];
    const creating = await openReplication(access, signal);
    const streaming = await openStream(access, slot, signal);
    const copy = copying.copyOut(SLOWLY, signal);
    await copy.next();
    const slotName = uniqueSlot();
    const pending = [
      querying.query('SELECT pg_sleep(60)'),
      copy.next(),
      creating.createSlot({ name: slotName, temporary: true, failover: false }),
    ];
    const stream = readAll(streaming, signal);
    await until('the stream to run', () => stream.rows === 5_000);
    proxy.swallow();
    const opening = openSql(access, signal);
    await wait(50);

    const reason = new Error('enough');
    const all = Promise.allSettled([...pending, opening, stream.ended]);
    aborter.abort(reason);
    const { outcome, ms } = await timed(all);
    expect(ms).toBeLessThan(1_000);
    const rejected = { status: 'rejected', reason };
    expect(outcome).toEqual([
      rejected,
      rejected,
      rejected,
      rejected,
      { status: 'fulfilled', value: undefined },
    ]);
    await Promise.all([querying, copying, creating, streaming].map((each) => each.close()));
    await until('all timers to be gone', () => timers() <= before);
    proxy.heal();
    await until('the slot that was being made to be gone', () => isGone(slotName), 10_000);
    await blocker.query('ROLLBACK');
  });

  test('close() ends it within a second, whatever is pending, and leaves no timer', async () => {
    const slot = await preparedSlot(database, access);
    const before = timers();
    const [idle, querying] = [await openSql(access, unaborted()), await openSql(access, unaborted())];
    const stream = await openStream(access, slot);
    const reading = readAll(stream);
    const query = querying.query('SELECT pg_sleep(60)');
    await wait(50);
    proxy.swallow();
    const all = Promise.allSettled([query, reading.ended]);
    const { ms } = await timed(Promise.all([idle, querying, stream].map((each) => each.close())));
    expect(ms).toBeLessThan(1_000);
    const [queried, read] = await all;
    expect(queried).toMatchObject({ status: 'rejected', reason: expect.any(SourceUnavailable) });
    expect(read).toEqual({ status: 'fulfilled', value: undefined });
    await expect(idle.query('SELECT 1')).rejects.toBeInstanceOf(SourceUnavailable);
    await until('all timers to be gone', () => timers() <= before);
  });

  async function isGone(slot: string): Promise<boolean> {
    const rows = await database.sql(`SELECT 1 FROM pg_replication_slots WHERE slot_name = '${slot}'`);
    return rows.length === 0;
  }
});
