// Queries and rows by COPY, on a real server: whole lines, nothing lost, errors that say what became of the session.

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { OptionsRejected, SourceUnavailable } from '../../../connectors/contract.js';
import { contractError, StatementRefused } from '../../../connectors/postgres/connection/access-error.js';
import { openSql } from '../../../connectors/postgres/connection/sql-session.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { accessTo, unaborted, withSql } from './connecting.js';

const ROWS = 50_000;
let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ version: 15 });
  await server.sql(
    `CREATE TABLE big AS SELECT i, repeat(chr(65 + i % 26), i % 1000) AS filler FROM generate_series(1, ${ROWS}) i`,
  );
}, 60_000);
afterAll(() => server?.close());

test('COPY brings every line once and in order, in pieces of whole lines that stay as they are', async () => {
  await withSql(accessTo(server.url()), async (sql) => {
    const pieces: Buffer[] = [];
    for await (const piece of sql.copyOut('COPY (SELECT * FROM big ORDER BY i) TO STDOUT', unaborted())) {
      expect(piece.at(-1)).toBe(0x0a);
      pieces.push(piece);
    }
    const lines = Buffer.concat(pieces).toString('latin1').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(ROWS);
    lines.forEach((line, index) => {
      const i = index + 1;
      if (line !== `${i}\t${String.fromCharCode(65 + (i % 26)).repeat(i % 1000)}`)
        throw new Error(`line ${i}`);
    });
    expect(await sql.query('SELECT 1 AS one')).toEqual([{ one: '1' }]);
  });
});

test('a line of many MiB comes whole', async () => {
  await withSql(accessTo(server.url()), async (sql) => {
    const lengths: number[] = [];
    const statement = "COPY (SELECT repeat('x', n) FROM (VALUES (20000000), (1), (5000000)) v (n)) TO STDOUT";
    for await (const piece of sql.copyOut(statement, unaborted())) {
      for (const line of piece.toString('latin1').trimEnd().split('\n')) lengths.push(line.length);
    }
    expect(lengths).toEqual([20_000_000, 1, 5_000_000]);
  });
});

test('a COPY that fails in its middle brings what came before and throws; the session goes on', async () => {
  await withSql(accessTo(server.url()), async (sql) => {
    let bytes = 0;
    const copy = async (): Promise<void> => {
      const sorted = '(SELECT * FROM big ORDER BY i OFFSET 0) sorted';
      const statement = `COPY (SELECT filler, 1 / (30000 - i) FROM ${sorted}) TO STDOUT`;
      for await (const piece of sql.copyOut(statement, unaborted())) bytes += piece.length;
    };
    await expect(copy()).rejects.toMatchObject({ name: 'StatementRefused', sqlState: '22012' });
    expect(bytes).toBeGreaterThan(10_000_000);
    expect(await sql.query('SELECT 1 AS one')).toEqual([{ one: '1' }]);
  });
});

test('who leaves a COPY in its middle has no session any more, and one that is aborted throws why', async () => {
  const left = await openSql(accessTo(server.url()), unaborted());
  for await (const piece of left.copyOut('COPY big TO STDOUT', unaborted())) if (piece.length > 0) break;
  await expect(left.query('SELECT 1')).rejects.toBeInstanceOf(SourceUnavailable);

  const aborter = new AbortController();
  const reason = new Error('enough');
  const aborted = await openSql(accessTo(server.url()), unaborted());
  const copy = async (): Promise<void> => {
    for await (const piece of aborted.copyOut('COPY big TO STDOUT', aborter.signal)) {
      if (piece.length > 0) aborter.abort(reason);
    }
  };
  await expect(copy()).rejects.toBe(reason);
});

test('queries take turns, and one that is refused does not hold up the others', async () => {
  await withSql(accessTo(server.url()), async (sql) => {
    const results = await Promise.allSettled(
      ['SELECT 1 AS n', 'SELECT', 'SELECT nothing', 'SELECT 2 AS n; SELECT 3 AS n'].map((text) =>
        sql.query(text),
      ),
    );
    expect(results).toMatchObject([
      { status: 'fulfilled', value: [{ n: '1' }] },
      { status: 'fulfilled', value: [{}] },
      { status: 'rejected', reason: { sqlState: '42703' } },
      { status: 'fulfilled', value: [{ n: '3' }] },
    ]);
    expect(
      await sql.query('SELECT $1::text[] AS list, $2::int AS n, $3::text AS none', [['a', 'b c'], 5, null]),
    ).toEqual([{ list: '{a,"b c"}', n: '5', none: null }]);
  });
});

test('a refused statement becomes an error of the contract by its kind', async () => {
  await server.sql('CREATE ROLE reader LOGIN; REVOKE ALL ON big FROM PUBLIC');
  await withSql(accessTo(server.url('postgres', { user: 'reader' })), async (sql) => {
    const error: unknown = await sql.query('SELECT * FROM big').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StatementRefused);
    expect(contractError(error)).toBeInstanceOf(OptionsRejected);
    expect((contractError(error) as Error).message).toContain('GRANT');
  });
});

test('a backend that is terminated rejects what runs, and what comes later, alike', async () => {
  const sql = await openSql(accessTo(server.url()), unaborted());
  const [row] = await sql.query('SELECT pg_backend_pid() AS pid');
  const pending = sql.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
  const later = sql.query('SELECT 1').catch((error: unknown) => error);
  await server.sql(`SELECT pg_terminate_backend(${row?.['pid'] ?? ''})`);
  const error = await pending;
  expect(error).toBeInstanceOf(SourceUnavailable);
  expect((error as Error).message).toContain('57P01');
  expect(await later).toBe(error);
  await sql.close();

  const idle = await openSql(accessTo(server.url()), unaborted());
  const [other] = await idle.query('SELECT pg_backend_pid() AS pid');
  await server.sql(`SELECT pg_terminate_backend(${other?.['pid'] ?? ''}, 5000)`);
  await expect(idle.query('SELECT 1')).rejects.toBeInstanceOf(SourceUnavailable);
});
