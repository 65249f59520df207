// Puts a Kafka broker's jars into the user's cache, once: Maven copies them, the storage is formatted once for its bootstrap
// file, and one run of the broker leaves a class data archive, which makes every later start three times as fast.

import { createHash } from 'node:crypto';
import { constants, existsSync, statSync } from 'node:fs';
import { access, copyFile, mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { spawnBroker, writeServerProperties, type KafkaInstall } from './kafka-process.js';
import { KAFKA_JARS, KAFKA_POM, KAFKA_VERSION } from './kafka-pom.js';
import { runTool } from './run-tool.js';

export interface InstallOptions {
  /** Called with short lines for a person while something takes long; never when all is there. */
  readonly onProgress?: (line: string) => void;
}

/** Java or Maven is missing, or the download failed. The message is one line and names what to do. */
export class KafkaNotInstallable extends Error {
  override readonly name = 'KafkaNotInstallable';
}

const OTHER_WAYS = 'or use an existing broker (--brokers host:9092), or docker compose';

/** Folder of the installation: `$XDG_CACHE_HOME` or `~/.cache`. */
export function kafkaCacheDir(): string {
  return join(
    process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
    'tailrace',
    `kafka-${KAFKA_VERSION}`,
  );
}

/**
 * Returns at once when everything is there, else downloads (about a minute, 58 MB). Several processes may call it at once: each
 * works in a folder of its own and the first to finish wins. Throws KafkaNotInstallable.
 */
export async function ensureKafkaInstalled(options: InstallOptions = {}): Promise<KafkaInstall> {
  const progress = options.onProgress ?? (() => undefined);
  const dir = kafkaCacheDir();
  const java = await findProgram('java');
  if (java === undefined) {
    throw new KafkaNotInstallable(
      `Java is missing: install a JDK 17 or newer (java on the PATH), ${OTHER_WAYS}`,
    );
  }
  const lib = join(dir, 'lib');
  const bootstrapCheckpoint = join(dir, 'bootstrap.checkpoint');
  if (!existsSync(bootstrapCheckpoint)) await install(dir, java, progress);

  const jars = (await readdir(lib)).filter((name) => name.endsWith('.jar')).sort();
  const classPath = jars.map((name) => join(lib, name)).join(delimiter);
  const archive = join(dir, `classes-${identity(java)}.jsa`);
  const found = { java, classPath, bootstrapCheckpoint };
  if (!existsSync(archive)) await makeArchive(found, archive, progress);
  return { ...found, archive: existsSync(archive) ? archive : undefined };
}

async function install(dir: string, java: string, progress: (line: string) => void): Promise<void> {
  const maven = await findProgram('mvn');
  if (maven === undefined) {
    throw new KafkaNotInstallable(`Maven is missing: install it (mvn on the PATH), ${OTHER_WAYS}`);
  }
  progress(`downloading Apache Kafka ${KAFKA_VERSION} (about 58 MB, once)`);
  await mkdir(join(dir, '..'), { recursive: true });
  const work = await mkdtemp(`${dir}.`);
  try {
    await writeFile(join(work, 'pom.xml'), KAFKA_POM);
    const lib = join(work, 'lib');
    let jars = 0;
    const copied = await runTool(
      maven,
      [
        '-B',
        '-f',
        join(work, 'pom.xml'),
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${lib}`,
      ],
      (line) => {
        if (/Downloaded from .*\.jar/.test(line) && ++jars % 10 === 0) progress(`downloaded ${jars} jars`);
      },
    );
    if (copied.code !== 0) {
      throw new KafkaNotInstallable(
        `Maven could not fetch Kafka (${copied.lastError}): check the network or proxy, ${OTHER_WAYS}`,
      );
    }
    progress(`copied ${KAFKA_JARS} jars, formatting`);
    await format(java, work, lib);
    await rename(work, dir).catch((error: unknown) => {
      if (!existsSync(join(dir, 'bootstrap.checkpoint'))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A real format, once: its bootstrap file is copied into every log directory later, which saves a JVM per start. */
async function format(java: string, work: string, lib: string): Promise<void> {
  const dataDir = join(work, 'format');
  const properties = await writeServerProperties({ dataDir, port: 1, controllerPort: 2 });
  const formatted = await runTool(java, [
    ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(lib, '*')],
    ...['kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAQ', '-c', properties],
  ]);
  if (formatted.code !== 0) {
    throw new KafkaNotInstallable(
      `Kafka does not run on this Java (${formatted.lastError}): it needs 17 or newer, ${OTHER_WAYS}`,
    );
  }
  await copyFile(join(dataDir, 'log', 'bootstrap.checkpoint'), join(work, 'bootstrap.checkpoint'));
  await rm(dataDir, { recursive: true, force: true });
}

/** One broker run that writes the archive as it ends. A failure is no error: the broker then just starts more slowly. */
async function makeArchive(
  found: Omit<KafkaInstall, 'archive'>,
  archive: string,
  progress: (line: string) => void,
): Promise<void> {
  progress('preparing a faster start (once)');
  const work = await mkdtemp(`${archive}.`);
  try {
    const written = join(work, 'classes.jsa');
    const broker = await spawnBroker(
      { ...found, archive: undefined },
      { dataDir: join(work, 'data'), writeArchive: written },
    );
    await broker.stop({ withinMs: 60_000 });
    await rename(written, archive);
  } catch {
    progress('the faster start could not be prepared; going on without it');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** An archive fits one build of one JVM: a new Java gets a new one. */
export function identity(java: string): string {
  return createHash('sha256')
    .update(`${java} ${statSync(java).mtimeMs}`)
    .digest('hex')
    .slice(0, 12);
}

/** The real path of a program on the PATH (java: JAVA_HOME first). */
export async function findProgram(name: string): Promise<string | undefined> {
  const home = process.env['JAVA_HOME'];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  if (home !== undefined && name !== 'mvn') folders.unshift(join(home, 'bin'));
  for (const folder of folders) {
    const path = join(folder, name);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return name === 'mvn' ? path : await realpath(path);
  }
  return undefined;
}
