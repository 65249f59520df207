// One Postgres server process on a folder of its own: making the folder, the start, the end. It dies with us however we end, and
// its data with it: at a SIGKILL of ours by a small shell that waits for our end of a pipe to close.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { giveToServer, serverUser, type PostgresPrograms } from './postgres-install.js';

export interface ClusterOptions {
  /** Begins the name of the temporary folder. */
  readonly prefix: string;
  /** Of the superuser `postgres`, who has to give it; undefined: everybody is trusted. */
  readonly password?: string;
  /** More arguments of initdb. */
  readonly initdb?: readonly string[];
}

export type PostgresSettings = Readonly<Record<string, string | number | boolean>>;

export interface PostgresProcess {
  /** The first process: the others are its children. */
  readonly child: ChildProcess;
  readonly hasEnded: boolean;
  /** Signals it and resolves when it has ended. SIGINT ends it in order, SIGQUIT at once. Idempotent. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Makes a temporary folder with a new cluster in `data`, in about a second. Throws with initdb's words; nothing is left then. */
export async function makeCluster(
  { initdb }: Pick<PostgresPrograms, 'initdb'>,
  { prefix, password, initdb: more = [] }: ClusterOptions,
): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), prefix));
  giveToServer(home);
  const passwordFile = join(home, 'password');
  if (password !== undefined) {
    writeFileSync(passwordFile, password, { mode: 0o600 });
    giveToServer(passwordFile);
  }
  const login =
    password === undefined ? ['--auth=trust'] : ['--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const args = [
    '-D',
    join(home, 'data'),
    '--no-sync',
    '--username=postgres',
    '--encoding=UTF8',
    '--locale=C',
  ];
  try {
    await promisify(execFile)(initdb, [...args, ...login, ...more], { cwd: home, ...serverUser });
    return home;
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Appends to postgresql.conf; takes effect at the next start, or when the server reads it again. */
export function configure(dataFolder: string, settings: PostgresSettings): void {
  const line = ([name, value]: [string, unknown]): string =>
    `${name} = '${String(value).replaceAll("'", "''")}'\n`;
  appendFileSync(join(dataFolder, 'postgresql.conf'), Object.entries(settings).map(line).join(''));
}

/** Starts the server of `home`, which does not mean that it serves already. What it says goes to `server.log` there. */
export function spawnPostgres(
  { postgres }: Pick<PostgresPrograms, 'postgres'>,
  home: string,
): PostgresProcess {
  const log = openSync(logFile(home), 'a');
  // A group of its own: Ctrl-C is ours to handle, the server ends after what uses it.
  const child = spawn(postgres, ['-D', join(home, 'data')], {
    ...{ cwd: home, ...serverUser, stdio: ['ignore', log, log], detached: true },
  });
  closeSync(log);
  const ended = once(child, 'exit').catch(() => undefined);
  const guard = guardAgainstOurDeath(child, home);
  void ended.then(() => guard.release());
  const hasEnded = (): boolean =>
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  return {
    child,
    get hasEnded() {
      return hasEnded();
    },
    async end(signal) {
      if (hasEnded()) return;
      child.kill(signal);
      await ended;
    },
  };
}

/** What the server of `home` has said last. */
export function lastWords(home: string): string {
  try {
    return readFileSync(logFile(home), 'utf8').trim().slice(-2_000);
  } catch {
    return '';
  }
}

function logFile(home: string): string {
  return join(home, 'server.log');
}

/** An immediate shutdown, which leaves no shared memory behind, and the removal of `home`, when this process ends. */
function guardAgainstOurDeath(child: ChildProcess, home: string): { release(): void } {
  const script = 'read _; kill -QUIT "$0"; while kill -0 "$0"; do sleep 0.1; done; rm -rf "$1"';
  const shell = spawn('sh', ['-c', script, String(child.pid), home], {
    ...{ stdio: ['pipe', 'ignore', 'ignore'], detached: true },
  });
  shell.on('error', () => undefined);
  shell.unref();
  return { release: () => shell.kill('SIGKILL') };
}
