// Each fault of the server, the role and the slot: the probe names it, its SQL mends it, and then it is gone.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';

import { probeFindings, type ProbeOptions } from '../../../connectors/postgres/catalog/checks.js';
import type { Finding } from '../../../connectors/postgres/catalog/finding.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { textSql } from './text-sql.js';

const REFUSED_FAILOVER = 'slots that fail over need version 17 of the server; set `slot.failover` to false';

describe.each([15, 18] as const)('Postgres %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await server.sql(
      `CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t;
       CREATE ROLE reader LOGIN REPLICATION; GRANT SELECT ON t TO reader`,
    );
    await server.sql('CREATE DATABASE other');
  });
  afterAll(() => server.close());

  async function probe(options: Partial<ProbeOptions> = {}, user = 'reader'): Promise<Finding[]> {
    const client = await server.connect('postgres', { user });
    try {
      return await probeFindings(textSql(client), { publication: 'p', ...options });
    } finally {
      await client.end();
    }
  }

  test('finds nothing where all is well', async () => {
    expect(await probe()).toEqual([]);
    expect(await probe({ slot: { name: 'mine' } })).toEqual([]);
  });

  test('finds that too little is logged, that slots and senders are taken, and mends all at one restart', async () => {
    server.configure({ wal_level: 'replica', max_wal_senders: 1, max_replication_slots: 1 });
    await server.restart();
    await server.sql(`SELECT pg_create_physical_replication_slot('theirs')`);
    const sender = await replicationConnection(server);
    const findings = await probe({ slot: { name: 'mine' } });
    expect(findings.map(({ problem, isPassing = false }) => [problem, isPassing])).toEqual([
      ['wal_level is replica: the server does not log what logical replication needs', false],
      ['all 1 connections for replication are taken (max_wal_senders)', true],
      ['all 1 replication slots are taken (max_replication_slots)', true],
    ]);
    for (const { sql } of findings) await server.sql(sql);
    await sender.end();
    await server.restart();
    expect(await probe({ slot: { name: 'mine' } })).toEqual([]);
    await server.sql(`SELECT pg_drop_replication_slot('theirs')`);
  });

  test('finds that the role may not replicate, and takes the word of a superuser for granted', async () => {
    await server.sql('ALTER ROLE reader NOREPLICATION');
    const findings = await probe();
    expect(findings.map(({ problem }) => problem)).toEqual(['the role "reader" may not replicate']);
    await server.sql(findings[0]!.sql);
    expect(await probe()).toEqual([]);
    expect(await probe({}, 'postgres')).toEqual([]);
  });

  test('goes by membership on services that give the right to replicate by a role', async () => {
    await server.sql(
      'ALTER ROLE reader NOREPLICATION; CREATE ROLE rds_superuser; CREATE ROLE rds_replication',
    );
    const findings = await probe();
    expect(findings.map(({ sql }) => sql)).toEqual(['GRANT rds_replication TO "reader";']);
    await server.sql(findings[0]!.sql);
    expect(await probe()).toEqual([]);
    await server.sql('DROP ROLE rds_superuser, rds_replication; ALTER ROLE reader REPLICATION');
  });

  test('says where the service has the setting that is missing', async () => {
    await server.sql('CREATE ROLE cloudsqlsuperuser');
    server.configure({ wal_level: 'replica' });
    await server.sql('ALTER SYSTEM RESET wal_level');
    await server.restart();
    const [finding] = await probe();
    expect(finding?.problem).toContain('on Cloud SQL: set the flag cloudsql.logical_decoding to on');
    expect(finding?.sql).toBe('');
    server.configure({ wal_level: 'logical' });
    await server.sql('DROP ROLE cloudsqlsuperuser');
    await server.restart();
  });

  test("finds that the slot is somebody else's, by what it is and by who reads it", async () => {
    const slot = { name: 'mine' };
    await server.sql(`SELECT pg_create_physical_replication_slot('mine')`);
    await expectMended(
      slot,
      'the replication slot mine exists and is a physical one; set another `slot.name`, unless nobody needs that slot',
    );
    await server.sql(`SELECT pg_create_logical_replication_slot('mine', 'pgoutput')`, 'other');
    await expectMended(
      slot,
      'the replication slot mine exists and is one of pgoutput in the database "other"; set another `slot.name`, unless nobody needs that slot',
      'other',
    );
    const other = await server.connect();
    await other.query(`SELECT pg_create_logical_replication_slot('mine', 'pgoutput', true)`);
    const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const [busy] = await expectMended(
      slot,
      `the replication slot mine is in use by PID ${rows[0]?.pid}; stop the other process that has this source, or end its connection`,
    );
    expect(busy?.isPassing).toBe(true);
  });

  async function expectMended(
    slot: { name: string },
    problem: string,
    database?: string,
  ): Promise<Finding[]> {
    const findings = await probe({ slot });
    expect(findings.map((finding) => finding.problem)).toEqual([problem]);
    await server.sql(findings[0]!.sql, database);
    let left = await probe({ slot });
    for (let tries = 0; left.length > 0 && tries < 50; tries++) left = await probe({ slot });
    expect(left).toEqual([]);
    return findings;
  }

  test('finds that slots do not fail over before 17', async () => {
    const problems = (await probe({ slot: { name: 'mine', failover: true } })).map(({ problem }) => problem);
    expect(problems).toEqual(version < 17 ? [REFUSED_FAILOVER] : []);
  });

  test('finds that the server is a standby, which passes when it is promoted', async () => {
    await server.stop();
    writeFileSync(join(server.dataFolder, 'standby.signal'), '');
    await server.start();
    const findings = await probe();
    expect(findings.map(({ problem }) => problem)).toEqual([
      'the server is a standby, which is only read; name the primary in `url`, or all hosts with commas between them',
    ]);
    expect(findings[0]?.isPassing).toBe(true);
    await server.sql('SELECT pg_promote()');
    expect(await probe()).toEqual([]);
  });
});

/** Idle, and a sender nevertheless. */
async function replicationConnection(server: PostgresServer): Promise<pg.Client> {
  const settings = { connectionString: server.url(), replication: 'database' };
  const client = new pg.Client(settings);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
