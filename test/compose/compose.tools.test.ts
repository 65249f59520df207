// docker-compose.yml under the programs that it is written for: Compose's own parser and schema, promtool, and a Kafka with its listeners.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import kafkajs, { type ISocketFactory } from 'kafkajs';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

import { freePort } from '../../src/demo/kafka-process.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { uniqueTopic } from '../support/kafka.js';
import { COMPOSE_TEXT, composeFile, mountsOf, variablesOf, type ComposeFile } from './compose-file.js';

/** The module that Compose 2 reads its files with; the schema lies in it. */
const COMPOSE_GO = 'github.com/compose-spec/compose-go/v2@v2.9.1';

const folder = mkdtempSync(join(tmpdir(), 'tailrace-compose-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('Compose', () => {
  test.each([
    ['no variable', {}],
    ['every variable', allVariables()],
  ])('reads the file with %s as these tests do', (_, variables) => {
    const read = readByCompose(variables);
    const expected = composeFile(variables);
    expect(Object.keys(read.services).sort()).toEqual(Object.keys(expected.services).sort());
    expect(read.networks['kafka']).toEqual(expected.networks['kafka']);
    for (const [name, service] of Object.entries(expected.services)) {
      const { environment = {}, ports = [], volumes = [], ...rest } = read.services[name]!;
      const { image, profiles, user, read_only: isReadOnly, command } = service;
      expect(rest).toMatchObject({ image, profiles, ...(user && { user }), ...(command && { command }) });
      expect(rest.read_only).toBe(isReadOnly);
      expect(ports.map(portText)).toEqual(service.ports ?? []);
      expect(volumes).toHaveLength(service.volumes?.length ?? 0);
      for (const [key, value] of Object.entries(service.environment ?? {})) {
        const handedOn = variables[key] ?? null;
        expect([key, environment[key]]).toEqual([key, value ?? handedOn]);
      }
    }
  });

  test('finds nothing against its schema', () => {
    const fetched = run('go', ['mod', 'download', '-json', COMPOSE_GO]);
    const { Dir } = JSON.parse(fetched) as { Dir: string };
    const text = readFileSync(join(Dir, 'schema/compose-spec.json'), 'utf8');
    // Its $schema is draft 7 under an address that is not that of draft 7
    const schema = { ...(JSON.parse(text) as object), $schema: 'http://json-schema.org/draft-07/schema#' };
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    validate(parse(COMPOSE_TEXT, { merge: true }));
    expect(validate.errors).toBeNull();
    validate({ services: { tailrace: { read_onyl: true } } });
    expect(validate.errors).toHaveLength(1);
  });
});

describe('the Prometheus of the profile observe', () => {
  test('accepts its configuration and its rules as they are mounted', () => {
    const { prometheus } = composeFile().services;
    const mounted = mountsOf(prometheus!).filter(({ from }) => from.startsWith('./'));
    for (const { from, to } of mounted) copyFileSync(from, join(folder, basename(to)));
    expect(run('promtool', ['check', 'config', join(folder, 'prometheus.yml')])).toMatch(
      /1 rule files found[^]*16 rules found/,
    );
    const config = prometheus?.command?.find((argument) => argument.startsWith('--config.file='));
    expect(mounted.map(({ to }) => to)).toContain(config?.split('=')[1]);
  });
});

describe('the Kafka of the demo', () => {
  let kafka: LocalKafka;
  const port = { containers: 0, machine: 0, controller: 0 };

  beforeAll(async () => {
    for (const side of ['containers', 'machine', 'controller'] as const) port[side] = await freePort();
    kafka = await startKafka({ dataDir: join(folder, 'kafka'), properties: brokerSettings() });
  }, 120_000);
  afterAll(() => kafka.kill('SIGKILL'));

  test('sends a container on to kafka, and a program of this machine to localhost', async () => {
    expect(await usedFrom(`kafka:${port.containers}`)).toEqual([`kafka:${port.containers}`]);
    expect(await usedFrom(`localhost:${port.machine}`)).toEqual([`localhost:${port.machine}`]);
  });

  /** What the image makes of its variables: KAFKA_NODE_ID is node.id. On ports that are free here. */
  function brokerSettings(): Record<string, string> {
    const { environment = {} } = composeFile({ DEMO_KAFKA_PORT: String(port.machine) }).services['kafka']!;
    const settings = Object.entries(environment).flatMap(([name, value]): [string, string][] => {
      if (name === 'KAFKA_HEAP_OPTS' || name === 'KAFKA_LOG_DIRS') return [];
      const property = name.replace('KAFKA_', '').toLowerCase().replaceAll('_', '.');
      const onFreePorts = String(value)
        .replace(/:9092\b/g, `:${port.containers}`)
        .replace(/:9093\b/g, `:${port.controller}`);
      return [[property, onFreePorts]];
    });
    return Object.fromEntries(settings);
  }
});

/** Makes a topic and writes to it; resolves with the addresses that this took. Every name leads to this machine. */
async function usedFrom(broker: string): Promise<string[]> {
  const dialed = new Set<string>();
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    dialed.add(`${host}:${port}`);
    return connect({ host: '127.0.0.1', port }, onConnect);
  };
  const kafka = new kafkajs.Kafka({ brokers: [broker], socketFactory, logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  const topic = uniqueTopic();
  try {
    await admin.connect();
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'x' }] });
  } finally {
    await admin.disconnect();
    await producer.disconnect();
  }
  return [...dialed];
}

/** Compose writes some ports as text and some as an object. */
function portText(port: unknown): string {
  if (typeof port === 'string') return port.replace(/\/tcp$/, '');
  const { published, target } = port as { published: number; target: number };
  return `${published}:${target}`;
}

function allVariables(): Record<string, string> {
  const names = [...variablesOf().keys()];
  const valueOf = (name: string, index: number): string => {
    if (name.endsWith('_PORT')) return String(20_000 + index);
    return name === 'TAILRACE_MEMORY' ? '2g' : `value-${index}`;
  };
  return Object.fromEntries(names.map((name, index) => [name, valueOf(name, index)]));
}

function readByCompose(variables: Readonly<Record<string, string>>): ComposeFile {
  return parse(run('docker-compose', ['config'], variables)) as ComposeFile;
}

/** Standard output. Throws, with all that it said, unless it ends well. */
function run(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): string {
  const { PATH, HOME, ...rest } = process.env;
  const goes = Object.fromEntries(
    Object.entries(rest).filter(([name]) => /^(GO|HTTPS?_PROXY|SSL_|https?_proxy)/.test(name)),
  );
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...goes, PATH, HOME, ...variables },
  });
  if (status === 0) return stdout;
  throw new Error(
    `${program} ${args.join(' ')}: ${error?.message ?? stdout + stderr} (bash scripts/tools.sh installs it)`,
  );
}
