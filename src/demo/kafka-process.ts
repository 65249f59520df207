// One broker process: its settings file, its start, its signals. It dies with us however we end: at a normal exit by our hand,
// at a SIGKILL of ours by a small shell that waits for our end of a pipe to close.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A broker that can be started. */
export interface KafkaInstall {
  /** The java program that the archive was made with. */
  readonly java: string;
  /** All jars, in one fixed order: the archive is bound to it. */
  readonly classPath: string;
  /** The class data archive; undefined when making it failed, which only costs time. */
  readonly archive: string | undefined;
  /** What a formatted log directory contains beside meta.properties. */
  readonly bootstrapCheckpoint: string;
}

export interface BrokerSettings {
  /** Kept between starts: settings, log segments, `broker.log`. */
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly controllerPort?: number;
  /** More listeners, as `SASL_PLAINTEXT://127.0.0.1:19094`; what they need goes into `properties`. */
  readonly extraListeners?: readonly string[];
  /** Override any line of server.properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Write a class data archive there when the broker ends. */
  readonly writeArchive?: string;
}

export interface BrokerProcess {
  readonly port: number;
  readonly controllerPort: number;
  readonly pid: number;
  /** SIGTERM, then SIGKILL after `withinMs` (default 10 s). Idempotent. */
  stop(options?: { readonly withinMs?: number }): Promise<void>;
  /** SIGKILL resolves when the process has ended, the others at once. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

/** The broker ended or did not get ready; the message has the last lines of its log. */
export class KafkaDidNotStart extends Error {
  override readonly name = 'KafkaDidNotStart';
}

const READY_LINE = 'Kafka Server started';
const READY_WITHIN_MS = 60_000;

/** Starts a broker and resolves when it serves. Formats the data directory when it is new. Throws KafkaDidNotStart. */
export async function spawnBroker(install: KafkaInstall, settings: BrokerSettings): Promise<BrokerProcess> {
  const port = settings.port ?? (await freePort());
  const controllerPort = settings.controllerPort ?? (await freePort());
  const properties = await writeServerProperties({ ...settings, port, controllerPort });
  await formatOnce(install, join(settings.dataDir, 'log'));
  const logPath = join(settings.dataDir, 'broker.log');
  const child = spawnJava(install, settings, properties, logPath);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const guard = guardAgainstOurDeath(child);
  void ended.then(() => guard.release());
  await untilReady(child, logPath);
  const kill: BrokerProcess['kill'] = async (signal) => {
    child.kill(signal);
    if (signal === 'SIGKILL') await ended;
  };
  return {
    port,
    controllerPort,
    pid: child.pid ?? -1,
    kill,
    async stop({ withinMs = 10_000 } = {}) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
      await ended;
      clearTimeout(late);
    },
  };
}

function spawnJava(
  install: KafkaInstall,
  settings: BrokerSettings,
  properties: string,
  logPath: string,
): ChildProcess {
  const archive: string[] = [];
  if (settings.writeArchive !== undefined) archive.push(`-XX:ArchiveClassesAtExit=${settings.writeArchive}`);
  else if (install.archive !== undefined)
    archive.push(`-XX:SharedArchiveFile=${install.archive}`, '-Xshare:auto');
  const log = openSync(logPath, 'w');
  try {
    return spawn(
      install.java,
      [
        ...[
          '-Xms64m',
          '-Xmx256m',
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          '-XX:-UsePerfData',
          ...archive,
        ],
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
        ...['-cp', install.classPath, 'kafka.Kafka', properties],
      ],
      // A group of its own: Ctrl-C is ours to handle, the broker ends after what uses it.
      { stdio: ['ignore', log, log], detached: true },
    );
  } finally {
    closeSync(log);
  }
}

/** Kills the child when this process ends, however it ends. */
export function guardAgainstOurDeath(child: ChildProcess): { release(): void } {
  const pid = child.pid;
  if (pid === undefined) return { release: () => undefined };
  const shell = spawn('sh', ['-c', `read _; kill -9 ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.unref();
  const onExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onExit);
  return {
    release() {
      process.removeListener('exit', onExit);
      shell.kill('SIGKILL');
    },
  };
}

async function untilReady(child: ChildProcess, logPath: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const text = await readFile(logPath, 'utf8');
    if (text.includes(READY_LINE)) return;
    const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (ended || Date.now() > deadline) {
      child.kill('SIGKILL');
      const tail = text.trim().split('\n').slice(-5).join(' | ').slice(-800);
      throw new KafkaDidNotStart(
        `Kafka ${ended ? 'ended' : `was not ready within ${READY_WITHIN_MS / 1000} s`}: ${tail}`,
      );
    }
    await wait(25);
  }
}

async function formatOnce(install: KafkaInstall, logDir: string): Promise<void> {
  const meta = join(logDir, 'meta.properties');
  if (existsSync(meta)) return;
  await mkdir(logDir, { recursive: true });
  copyFileSync(install.bootstrapCheckpoint, join(logDir, 'bootstrap.checkpoint'));
  const id = (): string => randomBytes(16).toString('base64url').replace(/^-/, 'A');
  await writeFile(meta, `version=1\ncluster.id=${id()}\nnode.id=1\ndirectory.id=${id()}\n`);
}

/** Writes server.properties of a one-node cluster into the data directory and returns its path. */
export async function writeServerProperties(
  settings: BrokerSettings & { readonly port: number; readonly controllerPort: number },
): Promise<string> {
  const { dataDir, port, controllerPort, extraListeners = [], properties = {} } = settings;
  const broker = [`PLAINTEXT://127.0.0.1:${port}`, ...extraListeners].join(',');
  const lines: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${broker},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': broker,
    'log.dirs': join(dataDir, 'log'),
    'num.network.threads': '2',
    'num.io.threads': '2',
    'auto.create.topics.enable': 'false',
    'controlled.shutdown.enable': 'false',
    'default.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may register again only when its old session has ended; the default is 9 s.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '300',
    'log.cleaner.backoff.ms': '200',
    'log.retention.check.interval.ms': '1000',
    'log.segment.delete.delay.ms': '0',
    'log.initial.task.delay.ms': '0',
    ...properties,
  };
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, 'server.properties');
  await writeFile(
    path,
    Object.entries(lines)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  return path;
}

/** Ports that {@link freePort} has given: the system may offer one again before it is used. */
const given = new Set<number>();

/** A port on 127.0.0.1 that was free a moment ago, another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(0, '127.0.0.1', resolve),
    );
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}
