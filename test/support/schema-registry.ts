// A real schema registry (Apicurio, which speaks Confluent's API) on this machine: fetched by Maven into the cache of the test
// broker once, ready in some four seconds. Its schemas are in memory, and their numbers begin at 1 with each start.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findProgram, identity, kafkaCacheDir } from '../../src/demo/kafka-install.js';
import { freePort, guardAgainstOurDeath } from '../../src/demo/kafka-process.js';
import { runTool } from '../../src/demo/run-tool.js';

/** The newest that runs on Java 17. */
const VERSION = '3.0.9';
const READY_WITHIN_MS = 120_000;

export interface LocalRegistry {
  /** With the base path. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** For a hook that starts one: the first time on a machine it is fetched (109 MB). */
export const REGISTRY_START_MS = 600_000;

/** Throws an Error that says what is missing. */
export async function startSchemaRegistry(): Promise<LocalRegistry> {
  const java = await programOf('java');
  const dir = await installed();
  const archive = join(dir, `classes-${identity(java)}.jsa`);
  if (!existsSync(archive)) await makeArchive(java, dir, archive);
  return spawnRegistry(java, dir, [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto']);
}

/** Registers a schema and returns its number. */
export async function register(
  url: string,
  subject: string,
  schema: {
    readonly schema: string;
    readonly schemaType?: 'AVRO' | 'JSON' | 'PROTOBUF';
    readonly references?: readonly {
      readonly name: string;
      readonly subject: string;
      readonly version: number;
    }[];
  },
): Promise<number> {
  const response = await fetch(`${url}/subjects/${encodeURIComponent(subject)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(schema),
  });
  const answer = (await response.json()) as { readonly id?: number };
  if (answer.id === undefined) throw new Error(`the registry refused ${subject}: ${JSON.stringify(answer)}`);
  return answer.id;
}

/** The five bytes that name the schema, before the document. */
export function framed(id: number, document: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, document]);
}

async function installed(): Promise<string> {
  const dir = join(dirname(kafkaCacheDir()), `schema-registry-${VERSION}`);
  const jar = join(dir, JAR);
  if (existsSync(jar)) return dir;
  const maven = await programOf('mvn');
  say(`downloading Apicurio Registry ${VERSION} (109 MB, once)`);
  await mkdir(dirname(dir), { recursive: true });
  const work = await mkdtemp(`${dir}.`);
  try {
    const app = join(work, 'app');
    await writeFile(join(work, 'pom.xml'), pomOf(app));
    const unpacked = await runTool(maven, ['-B', '-f', join(work, 'pom.xml'), 'dependency:unpack']);
    if (unpacked.code !== 0)
      throw new Error(
        `Maven could not fetch the schema registry (${unpacked.lastError}): check the network or proxy`,
      );
    await rename(app, dir).catch((error: unknown) => {
      if (!existsSync(jar)) throw error; // another process was faster
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return dir;
}

const JAR = `apicurio-registry-app-${VERSION}-runner.jar`;

/** One run that writes the archive as it ends. Without one it starts too, in three times the time. */
async function makeArchive(java: string, dir: string, archive: string): Promise<void> {
  say('preparing a faster start of the schema registry (once)');
  const written = `${archive}.${process.pid}`;
  const registry = await spawnRegistry(java, dir, [`-XX:ArchiveClassesAtExit=${written}`]);
  await registry.stop();
  await rename(written, archive).catch(() => say('it could not be prepared; going on without it'));
}

async function spawnRegistry(java: string, dir: string, options: readonly string[]): Promise<LocalRegistry> {
  const port = await freePort();
  const child = spawn(
    java,
    [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', ...options],
      ...[`-Dquarkus.http.port=${port}`, '-Dquarkus.http.host=127.0.0.1', '-jar', JAR],
    ],
    { cwd: dir, stdio: 'ignore', detached: true },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const guard = guardAgainstOurDeath(child);
  void ended.then(() => guard.release());
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  await untilReady(child, url);
  return {
    url,
    port,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const isReady = await fetch(`${url}/subjects`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    const isGone = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (isGone || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(
        isGone ? 'the schema registry ended as it started' : 'the schema registry was not ready in time',
      );
    }
    await wait(50);
  }
}

async function programOf(name: 'java' | 'mvn'): Promise<string> {
  const program = await findProgram(name);
  if (program !== undefined) return program;
  throw new Error(
    name === 'java'
      ? 'Java is missing: install a JDK 17 or newer (java on the PATH)'
      : 'Maven is missing: install it (mvn on the PATH)',
  );
}

/** The distribution is unpacked, not resolved as a dependency, which fails. */
function pomOf(app: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>schema-registry</artifactId><version>1</version><packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>
    <configuration><artifactItems><artifactItem>
      <groupId>io.apicurio</groupId><artifactId>apicurio-registry-app</artifactId><version>${VERSION}</version>
      <classifier>all</classifier><type>tar.gz</type><outputDirectory>${app}</outputDirectory>
    </artifactItem></artifactItems></configuration>
  </plugin></plugins></build>
</project>
`;
}

function say(line: string): void {
  process.stderr.write(`registry: ${line}\n`);
}
