// A container of the image, as near to an engine's as can be had without one: its own mounts and process ids, the image's root
// read-only, the image's user, command and variables, no privileges, process 1. The network is the host's. Needs root.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { until } from '../support/kafka.js';
import { buildah, type BuiltImage } from './image.js';
import { memoryGroup } from './memory-group.js';

/** Mounts what engines mount, the folder with the configuration too, then becomes the process as the image's user. */
const START = `set -e
root=$1 files=$2 user=$3 group=$4; shift 4
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind "$files" "$root/etc/tailrace"
mount -o remount,bind,ro "$root/etc/tailrace"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mount -t tmpfs -o size=64k,mode=755 tmpfs "$root/dev"
for device in null zero full random urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mount --bind /etc/hosts "$root/etc/hosts"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user:$group" --groups= "$root" "$@"`;

const PATIENCE_MS = 60_000;

export interface ContainerOptions {
  /** In place of the image's Cmd. */
  readonly args?: readonly string[];
  /** In place of the image's Entrypoint. */
  readonly entrypoint?: readonly string[];
  /** Beside the image's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Put into /etc/tailrace: name to text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly memoryBytes?: number;
  /** A file for standard error in place of `events`. */
  readonly stderrFile?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Container {
  /** Of its first process, as seen from here. */
  readonly pid: number;
  /** Parsed lines of its log so far. */
  readonly events: readonly { readonly event: string; readonly [fact: string]: unknown }[];
  readonly ended: Promise<Ended>;
  /** Resolves, once its log says so, with the milliseconds since the start. Throws what it said when it ends before. */
  untilEvent(event: string): Promise<number>;
  /** Runs a command within it, as `docker exec` does. */
  exec(...command: string[]): Ended;
  /** Kills it if need be and removes all that it left. Idempotent. */
  remove(): Promise<void>;
}

export async function startContainer(image: BuiltImage, options: ContainerOptions = {}): Promise<Container> {
  const { config } = image;
  const environment = [...config.Env, ...Object.entries(options.env ?? {}).map((pair) => pair.join('='))];
  const within = ['env', '-i', '-C', config.WorkingDir, ...environment];
  const command = [...(options.entrypoint ?? config.Entrypoint), ...(options.args ?? config.Cmd)];
  const place = openPlace(image, options);
  const [user = '', group = ''] = config.User.split(':');
  const startedAt = performance.now();
  const stderr = options.stderrFile === undefined ? ('pipe' as const) : openSync(options.stderrFile, 'w');
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', START, 'sh'];
  const [program = '', ...args] = [
    ...(place.procsFile === undefined ? [] : ['sh', '-c', 'echo $$ > "$0" && exec "$@"', place.procsFile]),
    ...[...unshare, place.root, place.files, user, group, ...within, ...command],
  ];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', stderr] });
  if (typeof stderr === 'number') closeSync(stderr);
  const { events, said, ended } = listenTo(child);
  let removed: Promise<void> | undefined;
  const remove = async (): Promise<void> => {
    for (const each of [...childrenOf(child), child.pid ?? 0]) killed(each);
    await ended;
    await place.close();
  };
  const untilEvent = async (event: string): Promise<number> => {
    const isLogged = (): boolean => events.some((line) => line.event === event);
    try {
      await until(`the log says ${event}`, () => isLogged() || child.exitCode !== null, PATIENCE_MS);
    } finally {
      if (!isLogged()) process.stderr.write(`container before ${event}:\n${said.stderr}`);
    }
    if (!isLogged()) throw new Error(`it ended with exit code ${child.exitCode} before ${event}`);
    return performance.now() - startedAt;
  };
  try {
    return {
      ...{ events, ended, untilEvent, pid: await firstProcess(child) },
      exec: (...wanted) => execIn(child, config.User.split(':'), [...within, ...wanted]),
      remove: () => (removed ??= remove()),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Runs it to its end. */
export async function runContainer(image: BuiltImage, options: ContainerOptions): Promise<Ended> {
  const container = await startContainer(image, options);
  try {
    return await container.ended;
  } finally {
    await container.remove();
  }
}

interface Place {
  readonly root: string;
  readonly files: string;
  readonly procsFile: string | undefined;
  close(): Promise<void>;
}

/** A root of its own above the image's layers, with the points where something is mounted. */
function openPlace({ tag }: BuiltImage, { files = {}, memoryBytes }: ContainerOptions): Place {
  const id = buildah('from', '--pull-never', tag);
  const root = buildah('mount', id);
  mkdirSync(join(root, 'etc/tailrace'), { recursive: true });
  for (const name of ['etc/hosts', 'etc/resolv.conf']) writeFileSync(join(root, name), '');
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-container-'), { encoding: 'utf8' });
  const mounted = join(folder, 'files');
  mkdirSync(mounted, { mode: 0o755 });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(mounted, name), text, { mode: 0o444 });
  const group = memoryBytes === undefined ? undefined : memoryGroup(memoryBytes);
  const close = async (): Promise<void> => {
    await group?.remove();
    buildah('umount', id);
    buildah('rm', id);
    rmSync(folder, { recursive: true, force: true });
  };
  return { root, files: mounted, procsFile: group?.procsFile, close };
}

function listenTo(child: ChildProcess) {
  const events: { event: string }[] = [];
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (bytes) => (said.stdout += String(bytes)));
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.stderr += `${line}\n`;
      if (line.startsWith('{')) events.push(JSON.parse(line) as { event: string });
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  return { events, said, ended };
}

/** The child of unshare: process 1 of the container. */
async function firstProcess(child: ChildProcess): Promise<number> {
  let pid = 0;
  await until('the first process', () => {
    pid = childrenOf(child)[0] ?? 0;
    return pid > 0 || child.exitCode !== null;
  });
  return pid;
}

function childrenOf({ pid }: ChildProcess): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The one that changed its user outlives its parent's end: the kernel's signal for that is lost with the user. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return;
  }
}

function execIn(child: ChildProcess, [user = '', group = '']: string[], command: readonly string[]): Ended {
  const target = String(childrenOf(child)[0] ?? '');
  const { status, stdout, stderr } = spawnSync(
    'nsenter',
    [
      ...['--target', target, '--mount', '--pid', `--root=/proc/${target}/root`],
      ...[`--setuid=${user}`, `--setgid=${group}`, ...command],
    ],
    { encoding: 'utf8' },
  );
  return { code: status, stdout, stderr };
}
