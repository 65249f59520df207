// TLS to a real server: it is verified, or the connection does not come about and the error says what to change.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { OptionsRejected } from '../../../connectors/contract.js';
import type { AccessOptions, TlsOptions } from '../../../connectors/postgres/connection/access-options.js';
import { openReplication } from '../../../connectors/postgres/connection/replication-session.js';
import { authority, type Authority, type Certificate } from '../../support/certificates.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { accessTo, refusalOf, unaborted, withSql } from './connecting.js';

const IS_ENCRYPTED = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
const HBA = [
  'hostssl all by_cert 127.0.0.1/32 cert',
  'hostssl all tailrace 127.0.0.1/32 scram-sha-256',
  'hostssl all trusted 127.0.0.1/32 trust',
];

describe('Postgres 18 with TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-test-tls-'));
  let server: PostgresServer;
  let ours: Authority;
  let strangers: Authority;
  let client: Certificate;

  const access = (tls?: boolean | TlsOptions, more: Partial<AccessOptions> & { host?: string } = {}) => {
    const { host = '127.0.0.1', user = 'tailrace', url, ...options } = more;
    const address = url ?? `postgres://${user}:secret@${host}:${server.port}/postgres`;
    return accessTo(address, { ...options, ...(tls !== undefined && { tls }) });
  };

  async function showCertificate(certificate: Certificate): Promise<void> {
    writeFileSync(join(server.dataFolder, 'server.crt'), certificate.cert);
    writeFileSync(join(server.dataFolder, 'server.key'), certificate.key);
    await server.reload();
  }

  beforeAll(async () => {
    ours = await authority(folder, 'ours');
    strangers = await authority(folder, 'strangers');
    client = await ours.sign('by_cert', { names: 'DNS:client' });
    const tls = { ...(await ours.sign('server')), ca: ours.ca };
    server = await startPostgres({ version: 18, tls, hba: HBA });
    await server.sql(`
      CREATE ROLE tailrace LOGIN REPLICATION PASSWORD 'secret';
      CREATE ROLE trusted LOGIN;
      CREATE ROLE by_cert LOGIN REPLICATION`);
  }, 60_000);
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true });
  });

  test('a certificate of a trusted authority is taken, for both kinds of session', async () => {
    const to = access({ ca: ours.ca });
    expect(await withSql(to, (sql) => sql.query(IS_ENCRYPTED))).toEqual([{ ssl: 't' }]);
    const session = await openReplication(to, unaborted());
    expect(await session.query(IS_ENCRYPTED)).toEqual([{ ssl: 't' }]);
    await session.close();
  });

  test('any certificate is taken where verification is switched off', async () => {
    expect(await withSql(access({ verify: false }), (sql) => sql.query(IS_ENCRYPTED))).toEqual([
      { ssl: 't' },
    ]);
  });

  test('the login can be bound to the TLS connection, and does not go on where it cannot', async () => {
    const url = (user: string): string =>
      `postgres://${user}:secret@127.0.0.1:${server.port}/postgres?sslmode=require&channel_binding=require`;
    await withSql(access({ ca: ours.ca }, { url: url('tailrace') }), (sql) => sql.query('SELECT 1'));
    const error = await refusalOf(access({ ca: ours.ca }, { url: url('trusted') }));
    expect(error).toBeInstanceOf(OptionsRejected);
    expect(error.message).toContain('channel_binding=require');
  });

  test('a client certificate logs in, and without one, or with a stranger, it fails', async () => {
    const withCertificate = { ca: ours.ca, cert: client.cert, key: client.key };
    const who = await withSql(access(withCertificate, { user: 'by_cert' }), (sql) =>
      sql.query('SELECT user'),
    );
    expect(who).toEqual([{ user: 'by_cert' }]);

    const without = await refusalOf(access({ ca: ours.ca }, { user: 'by_cert' }));
    expect(without).toBeInstanceOf(OptionsRejected);
    expect(without.message).toContain('`tls.cert` and `tls.key`');

    const { cert, key } = await strangers.sign('by_cert', { names: 'DNS:client' });
    const stranger = await refusalOf(access({ ca: ours.ca, cert, key }, { user: 'by_cert' }));
    expect(stranger).toBeInstanceOf(OptionsRejected);
    expect(stranger.message).toContain('does not accept this client certificate');
  });

  test.each<[string, () => Parameters<typeof access>, string]>([
    ['an unknown authority', () => [true], '`tls.ca`'],
    ['the wrong authority', () => [{ ca: strangers.ca }], 'another `tls.ca`'],
    ['no TLS', () => [false], '`tls: true`'],
    ['a key that is none', () => [{ ca: ours.ca, cert: client.cert, key: 'key' }], 'is no PEM text'],
    ['another host name', () => [{ ca: ours.ca }, { host: 'localhost' }], '`tls.servername`'],
    ['another name than is asked for', () => [{ ca: ours.ca, servername: 'db.example' }], '`tls.servername`'],
  ])('%s is refused for good', async (_what, how, word) => {
    const error = await refusalOf(access(...how()));
    expect(error).toBeInstanceOf(OptionsRejected);
    expect(error.message).toContain(word);
    expect(error.message).not.toContain('secret');
  });

  test('a certificate for another name is taken when that name is asked for', async () => {
    await showCertificate(await ours.sign('server', { names: 'DNS:db.example' }));
    for (const host of ['localhost', '127.0.0.1']) {
      const to = access({ ca: ours.ca, servername: 'db.example' }, { host });
      await withSql(to, (sql) => sql.query('SELECT 1'));
    }
  });

  test('a certificate that has expired is refused for good', async () => {
    await showCertificate(await ours.sign('server', { days: -1 }));
    const error = await refusalOf(access({ ca: ours.ca }));
    expect(error).toBeInstanceOf(OptionsRejected);
    expect(error.message).toContain('has expired');
  });

  test('a server that does not speak TLS is refused for good', async () => {
    server.configure({ ssl: false });
    await server.reload();
    const error = await refusalOf(access({ ca: ours.ca }));
    expect(error).toBeInstanceOf(OptionsRejected);
    expect(error.message).toContain('`tls: false`');
  });
});
