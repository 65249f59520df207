// What a URL and the options beside it mean, which of them contradict each other, and which changes need nothing to be read anew.

import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { OptionsRejected } from '../../../connectors/contract.js';
import type { AccessOptions } from '../../../connectors/postgres/connection/access-options.js';
import { accessSettings } from '../../../connectors/postgres/connection/access.js';
import {
  asksForSameRecords,
  POSTGRES_OPTIONS,
  type PostgresOptions,
} from '../../../connectors/postgres/options.js';

describe('access', () => {
  test('everything can be in the URL, and what stands beside it wins', () => {
    const url = 'postgresql://an%40na:p%2Fw%3A@db-1,db-2:5433,[::1]:5434/my%20shop?sslmode=verify-full';
    expect(accessSettings({ url })).toEqual({
      hosts: [
        { name: 'db-1', port: 5432 },
        { name: 'db-2', port: 5433 },
        { name: '::1', port: 5434 },
      ],
      database: 'my shop',
      user: 'an@na',
      password: 'p/w:',
      tls: {},
      mustBindChannel: false,
      connectTimeoutMs: 10_000,
    });
    const beside = { user: 'eve', password: 'other', tls: { ca: 'PEM' }, connectTimeout: '500ms' };
    expect(accessSettings({ url, ...beside })).toMatchObject({
      ...{ user: 'eve', password: 'other', tls: { ca: 'PEM' }, connectTimeoutMs: 500 },
    });
  });

  test('without a database it is that of the user, without a password there is none, without sslmode no TLS', () => {
    expect(accessSettings({ url: 'postgres://ann@db' })).toMatchObject({
      ...{ database: 'ann', password: undefined, tls: undefined },
    });
  });

  test('a password with a raw "@" is taken as it is meant', () => {
    expect(accessSettings({ url: 'postgres://ann:p@ss@db/x' })).toMatchObject({
      ...{ user: 'ann', password: 'p@ss', hosts: [{ name: 'db', port: 5432 }] },
    });
  });

  test.each<[string, AccessOptions['tls'], unknown]>([
    ['', undefined, undefined],
    ['', true, {}],
    ['', false, undefined],
    ['?sslmode=disable', undefined, undefined],
    ['?sslmode=require', undefined, {}],
    ['?sslmode=verify-ca', true, {}],
    ['?sslmode=require&channel_binding=require', { verify: false }, { verify: false }],
  ])('TLS of "%s" and tls=%j is %j', (query, tls, resolved) => {
    const options = { url: `postgres://ann@db/x${query}`, ...(tls !== undefined && { tls }) };
    expect(accessSettings(options).tls).toEqual(resolved);
  });

  test.each<[string, Partial<AccessOptions> & { readonly url: string }, string]>([
    ['no user', { url: 'postgres://db/x' }, '`user`'],
    ['a port that is none', { url: 'postgres://ann:geheim@db:70000/x' }, 'port'],
    ['a raw slash in the password', { url: 'postgres://ann:geheim/x@db/x' }, 'set `password`'],
    ['a raw percent sign', { url: 'postgres://ann:geheim%@db/x' }, '%25'],
    ['something behind the database', { url: 'postgres://ann:geheim@db/x/y' }, 'postgres://user@host'],
    ['sslmode=prefer', { url: 'postgres://ann:geheim@db/x?sslmode=prefer' }, 'in silence'],
    ['sslmode=no-verify', { url: 'postgres://ann:geheim@db/x?sslmode=no-verify' }, 'verify: false'],
    ['another parameter', { url: 'postgres://ann:geheim@db/x?sslrootcert=/ca' }, 'set `tls`'],
    ['sslmode against tls', { url: 'postgres://ann:geheim@db/x?sslmode=disable', tls: true }, 'contradicts'],
    ['tls against sslmode', { url: 'postgres://ann:geheim@db/x?sslmode=require', tls: false }, 'contradicts'],
  ])('%s is refused, without the password', (_what, options, word) => {
    const resolve = (): unknown => accessSettings(options);
    expect(resolve).toThrow(OptionsRejected);
    expect(resolve).toThrow(word);
    expect(resolve).not.toThrow('geheim');
  });
});

describe('options that change', () => {
  const options: PostgresOptions = {
    url: 'postgres://ann:one@db/shop',
    tables: ['public.orders', { table: 'public.items', columns: ['id'] }],
    slot: { name: 'mine' },
  };

  test.each<[string, Partial<PostgresOptions>]>([
    ['password', { password: 'two' }],
    ['host and password', { url: 'postgres://ann:two@db-2/shop' }],
    ['TLS', { tls: { ca: 'PEM' } }],
    ['budgets', { walBudget: '2GiB', toastMemory: 1024, connectTimeout: '5s' }],
    ['what was the default', { publication: 'tailrace', slot: { name: 'mine', failover: false } }],
  ])('%s: nothing is read anew', (_what, change) => {
    expect(asksForSameRecords(options, { ...options, ...change })).toBe(true);
  });

  test.each<[string, Partial<PostgresOptions>]>([
    ['database', { url: 'postgres://ann:one@db/other' }],
    ['publication', { publication: 'other' }],
    ['tables', { tables: ['public.orders'] }],
    ['columns', { tables: ['public.orders', { table: 'public.items', columns: ['id', 'name'] }] }],
    ['slot', { slot: { name: 'other' } }],
  ])('%s: all is read anew', (_what, change) => {
    expect(asksForSameRecords(options, { ...options, ...change })).toBe(false);
  });
});

describe('the schema', () => {
  const accepts = new Ajv2020({ strict: false }).compile(POSTGRES_OPTIONS);
  const url = 'postgres://ann@db/shop';

  test.each<[string, unknown]>([
    ['the least', { url }],
    ['tables', { url, tables: ['public.orders', { table: 'a.b', columns: ['x'], where: 'x > 1' }] }],
    ['TLS', { url, tls: { ca: 'PEM', cert: 'PEM', key: 'PEM', servername: 'db', verify: false } }],
    ['a slot', { url, slot: { name: 'tailrace_1', failover: true } }],
    ['sizes', { url, walBudget: '2GiB', toastMemory: 1048576 }],
    ['a time', { url, connectTimeout: '500ms' }],
  ])('accepts %s', (_what, options) => {
    expect(accepts(options)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['no URL', {}],
    ['another URL', { url: 'mysql://db/shop' }],
    ['an unknown key', { url, table: 'public.orders' }],
    ['a table without its schema', { url, tables: ['orders'] }],
    ['a key without certificate', { url, tls: { key: 'PEM' } }],
    ['a slot that Postgres would refuse', { url, slot: { name: 'My-Slot' } }],
    ['a size without unit', { url, walBudget: '64' }],
    ['no time', { url, connectTimeout: '0s' }],
  ])('refuses %s', (_what, options) => {
    expect(accepts(options)).toBe(false);
  });
});
