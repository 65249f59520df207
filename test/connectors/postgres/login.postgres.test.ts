// Who is let in and who is not, by real servers: each refusal says what failed, where, and what to do, and never a password.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { OptionsRejected, SourceUnavailable } from '../../../connectors/contract.js';
import { accessSettings } from '../../../connectors/postgres/connection/access.js';
import { openReplication } from '../../../connectors/postgres/connection/replication-session.js';
import { until } from '../../support/kafka.js';
import type { PostgresVersion } from '../../support/postgres-install.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { accessTo, refusalOf, unaborted, withSql } from './connecting.js';

const SECRET = 'geheim wie/n:@%?';
const HBA = [
  'host all by_md5 127.0.0.1/32 md5',
  'host all by_text 127.0.0.1/32 password',
  'host all by_trust 127.0.0.1/32 trust',
  'host all no_login 127.0.0.1/32 trust',
  'host all nobody_such 127.0.0.1/32 trust',
  'host all by_scram,other_secret,unready 127.0.0.1/32 scram-sha-256',
];

const versions: readonly PostgresVersion[] = [15, 18];

describe.each(versions)('Postgres %i', (version) => {
  let server: PostgresServer;
  const url = (user: string, password?: string, database = 'postgres'): string =>
    server.url(database, { user, ...(password !== undefined && { password }) });

  beforeAll(async () => {
    server = await startPostgres({
      version,
      hba: HBA,
      settings: { max_connections: 16, max_wal_senders: 2 },
    });
    await server.sql(`
      CREATE ROLE by_scram LOGIN REPLICATION PASSWORD '${SECRET}';
      CREATE ROLE unready LOGIN PASSWORD '${SECRET}';
      CREATE ROLE by_text LOGIN PASSWORD '${SECRET}';
      CREATE ROLE by_trust LOGIN REPLICATION;
      CREATE ROLE stranger LOGIN REPLICATION;
      CREATE ROLE no_login;
      SET password_encryption = 'md5';
      CREATE ROLE by_md5 LOGIN REPLICATION PASSWORD '${SECRET}';
    `);
    await server.sql('CREATE DATABASE closed');
    await server.sql('REVOKE CONNECT ON DATABASE closed FROM public');
  }, 60_000);
  afterAll(() => server?.close());

  test.each(['by_scram', 'by_md5', 'by_text', 'by_trust'])(
    '%s logs in, for both kinds of session',
    async (user) => {
      const access = accessTo(url(user, SECRET));
      await withSql(access, async (sql) => {
        expect(await sql.query('SELECT current_user, $1::int8 + 1 AS sum', ['41'])).toEqual([
          { current_user: user, sum: '42' },
        ]);
        expect(sql.majorVersion).toBe(version);
      });
      if (user === 'by_text') return;
      const session = await openReplication(access, unaborted());
      expect(await session.identify()).toMatchObject({ timeline: 1 });
      expect(await session.timelineHistory(1)).toEqual([]);
      await session.close();
    },
  );

  test('both kinds of session write values alike, whatever role and database are set to', async () => {
    await server.sql(`
      ALTER ROLE by_trust SET datestyle = 'German';
      ALTER ROLE by_trust SET timezone = 'Asia/Tokyo';
      ALTER ROLE by_trust SET bytea_output = 'escape';
      ALTER ROLE by_trust SET statement_timeout = '50ms';
      ALTER ROLE by_trust SET idle_session_timeout = '50ms';
    `);
    const question = `SELECT name, setting FROM pg_settings WHERE name IN ('DateStyle', 'TimeZone', 'IntervalStyle',
      'bytea_output', 'extra_float_digits', 'lc_monetary', 'statement_timeout', 'lock_timeout', 'client_encoding',
      'idle_session_timeout', 'transaction_timeout', 'application_name') ORDER BY name`;
    const sql = await withSql(accessTo(url('by_trust')), (session) => session.query(question));
    expect(Object.fromEntries(sql.map(({ name, setting }) => [name, setting]))).toEqual({
      DateStyle: 'ISO, MDY',
      IntervalStyle: 'iso_8601',
      TimeZone: 'UTC',
      application_name: 'tailrace',
      bytea_output: 'hex',
      client_encoding: 'UTF8',
      extra_float_digits: '1',
      idle_session_timeout: '0',
      lc_monetary: 'C',
      lock_timeout: '0',
      statement_timeout: '0',
      ...(version >= 17 && { transaction_timeout: '0' }),
    });
    const session = await openReplication(accessTo(url('by_trust')), unaborted());
    expect(await session.query(question)).toEqual(sql);
    await session.close();
  });

  test.each([
    ['a wrong password', () => url('by_scram', 'guessed'), ['28P01', 'ALTER ROLE by_scram PASSWORD']],
    ['a wrong password, md5', () => url('by_md5', 'guessed'), ['28P01', 'ALTER ROLE by_md5 PASSWORD']],
    ['no password', () => url('by_scram'), ['asks for a password', '`password`']],
    ['no such database', () => url('by_trust', undefined, 'lost'), ['3D000', 'lost', '`url`']],
    ['no such role', () => url('nobody_such'), ['28000', 'CREATE ROLE nobody_such LOGIN']],
    ['a role without LOGIN', () => url('no_login'), ['28000', 'ALTER ROLE no_login LOGIN']],
    [
      'no line in pg_hba.conf',
      () => url('stranger', SECRET),
      ['28000', 'pg_hba.conf', 'host postgres stranger'],
    ],
    [
      'a closed database',
      () => url('by_trust', undefined, 'closed'),
      ['42501', 'GRANT CONNECT ON DATABASE closed'],
    ],
  ])('%s is refused for good, with what mends it', async (_what, where, words) => {
    const error = await refusalOf(accessTo(where()));
    expect(error).toBeInstanceOf(OptionsRejected);
    expect(error.message).toContain(`127.0.0.1:${server.port}/`);
    for (const word of words) expect(error.message).toContain(word);
    expect(error.message).not.toContain(SECRET);
    expect(error.message).not.toContain('guessed');
  });

  test('a role without REPLICATION is told how it gets that', async () => {
    const error = await refusalOf(accessTo(url('unready', SECRET)), 'replication');
    expect(error).toBeInstanceOf(OptionsRejected);
    expect(error.message).toContain('ALTER ROLE unready REPLICATION');
  });

  test('B22 a password that changes is taken up with the next connection', async () => {
    await server.sql("CREATE ROLE rotated LOGIN PASSWORD 'first'");
    server.setHba([...HBA, 'host all rotated 127.0.0.1/32 scram-sha-256']);
    await server.reload();
    const access = accessTo(url('rotated', 'first'));
    await withSql(access, async (open) => {
      await server.sql("ALTER ROLE rotated PASSWORD 'second'");
      expect(await refusalOf(access)).toBeInstanceOf(OptionsRejected);
      access.settings = accessSettings({ url: url('rotated', 'second') });
      await withSql(access, (next) => next.query('SELECT 1'));
      expect(await open.query('SELECT 1 AS one')).toEqual([{ one: '1' }]);
    });
  });

  test('too many connections, and too many walsenders, pass', async () => {
    const senders = await Promise.all(
      [1, 2].map(() => openReplication(accessTo(url('by_trust')), unaborted())),
    );
    const error = await refusalOf(accessTo(url('by_trust')), 'replication');
    expect(error).toBeInstanceOf(SourceUnavailable);
    expect(error.message).toContain('max_wal_senders');
    await Promise.all(senders.map((sender) => sender.close()));
    await until('the walsenders to end', async () => {
      const [row] = await server.sql(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'walsender'",
      );
      return row?.['n'] === 0;
    });
  });

  test('a server that is down, or a name that does not resolve, passes', async () => {
    const down = await refusalOf(accessTo(`postgres://a@127.0.0.1:1/b`));
    expect(down).toBeInstanceOf(SourceUnavailable);
    expect(down.message).toContain('nothing listens there');
    const unknown = await refusalOf(accessTo(`postgres://a@no-such-host.invalid/b`));
    expect(unknown).toBeInstanceOf(SourceUnavailable);
  });
});
