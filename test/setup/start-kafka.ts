// Starts the one broker that all Kafka and browser tests of a jest run share. Its address is TAILRACE_TEST_BROKERS; when that is
// set already (an own cluster), nothing is started.

import { transformFile } from '@swc/core';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type * as LocalKafkaModule from '../../src/demo/local-kafka.js';

type LocalKafka = LocalKafkaModule.LocalKafka;

/** What the tear-down needs; jest runs it in the same process but hands nothing over. */
export interface SharedBroker {
  readonly kafka: LocalKafka;
  readonly dataDir: string;
}

const place: { tailraceBroker?: SharedBroker } = globalThis as never;

export default async function startSharedBroker(jest: { readonly rootDir: string }): Promise<void> {
  if (process.env['TAILRACE_TEST_BROKERS']) return;
  const dataDir = await mkdtemp(join(tmpdir(), 'tailrace-test-kafka-'));
  const { startKafka } = await loadLocalKafka(join(jest.rootDir, 'src/demo'), join(dataDir, 'setup'));
  const onProgress = (line: string): void => void process.stderr.write(`kafka: ${line}\n`);
  const kafka = await startKafka({ dataDir, onProgress });
  place.tailraceBroker = { kafka, dataDir };
  process.env['TAILRACE_TEST_BROKERS'] = kafka.brokers.join(',');
}

/**
 * jest loads this file outside of its module system, as CommonJS, where `./x.js` does not find `./x.ts`: the broker's own files
 * are translated into a folder first.
 */
async function loadLocalKafka(from: string, to: string): Promise<typeof LocalKafkaModule> {
  await mkdir(to, { recursive: true });
  await writeFile(join(to, 'package.json'), '{"type":"commonjs"}');
  const names = ['local-kafka', 'kafka-install', 'kafka-process', 'kafka-pom', 'run-tool'];
  for (const name of names) {
    const { code } = await transformFile(join(from, `${name}.ts`), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    await writeFile(join(to, `${name}.js`), code);
  }
  return createRequire(join(to, 'package.json'))('./local-kafka.js') as typeof LocalKafkaModule;
}
