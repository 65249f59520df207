// Several brokers that form one cluster, each of them controller too: for tests in which one of them dies.

import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureKafkaInstalled } from '../../src/demo/kafka-install.js';
import { freePort } from '../../src/demo/kafka-process.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';

export interface TestCluster {
  /** Addresses of all nodes. */
  readonly brokers: readonly string[];
  /** Node ids count from 1. */
  node(id: number): LocalKafka;
  /** Kills all and removes their data. */
  close(): Promise<void>;
}

interface Place {
  readonly id: number;
  readonly dataDir: string;
  readonly port: number;
  readonly controllerPort: number;
}

/** Lines of server.properties of a node beside ours. */
export type NodeProperties = (id: number) => Readonly<Record<string, string>>;

/** Starts `count` brokers at once; topics are replicated to all of them, and all but one must have a record. */
export async function startCluster(
  count: number,
  properties: NodeProperties = () => ({}),
): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-cluster-kafka-'));
  const places: Place[] = [];
  for (let id = 1; id <= count; id++) {
    const [port, controllerPort] = [await freePort(), await freePort()];
    places.push({ id, dataDir: join(folder, String(id)), port, controllerPort });
  }
  await format(places);
  const started = await Promise.allSettled(places.map((place) => startNode(place, places, properties)));
  const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill('SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  };
  const failed = started.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return {
    brokers: nodes.flatMap(({ brokers }) => brokers),
    node(id) {
      const node = nodes[id - 1];
      if (node === undefined) throw new Error(`no node ${id}`);
      return node;
    },
    close,
  };
}

/** What makes them one cluster: the same cluster id in each data directory. */
async function format(places: readonly Place[]): Promise<void> {
  const { bootstrapCheckpoint } = await ensureKafkaInstalled();
  const newId = (): string => randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const clusterId = newId();
  for (const { id, dataDir } of places) {
    const log = join(dataDir, 'log');
    await mkdir(log, { recursive: true });
    await copyFile(bootstrapCheckpoint, join(log, 'bootstrap.checkpoint'));
    const meta = ['version=1', `cluster.id=${clusterId}`, `node.id=${id}`, `directory.id=${newId()}`, ''];
    await writeFile(join(log, 'meta.properties'), meta.join('\n'));
  }
}

function startNode(
  { id, dataDir, port, controllerPort }: Place,
  all: readonly Place[],
  more: NodeProperties,
): Promise<LocalKafka> {
  const voters = all.map((each) => `${each.id}@127.0.0.1:${each.controllerPort}`);
  return startKafka({
    ...{ dataDir, port },
    properties: {
      'node.id': String(id),
      'controller.quorum.voters': voters.join(','),
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'default.replication.factor': String(all.length),
      'min.insync.replicas': String(Math.max(1, all.length - 1)),
      ...more(id),
    },
  });
}
