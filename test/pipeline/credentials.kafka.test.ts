// A19, F14: passwords and certificates that change under a running process are taken up without reading anything anew.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectors } from '../../connectors/registry.js';
import { readConfigFile } from '../../src/cli/config-file.js';
import { systemClock } from '../../src/clock.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { resolved } from '../config/loading.js';
import type { Value } from '../oracle/naive-json.js';
import { createTopic, produce, until } from '../support/kafka.js';
import { startSecuredKafka, type SecuredKafka } from '../support/secured-kafka.js';
import { Watcher } from './watcher.js';

const COMPACT = { 'cleanup.policy': 'compact' };
const folder = mkdtempSync(join(tmpdir(), 'tailrace-credentials-'));
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const events: { event: string }[] = [];

let secured: SecuredKafka;
let topics: { readonly byPassword: string; readonly byCertificate: string };
let pipeline: RunningPipeline;
let watcher: Watcher;
beforeAll(async () => {
  secured = await startSecuredKafka();
  await secured.setPassword('first sesame');
  const { brokers } = secured;
  const newTopic = async (): Promise<string> => createTopic({ brokers, partitions: 3, configs: COMPACT });
  topics = { byPassword: await newTopic(), byCertificate: await newTopic() };
  for (const topic of Object.values(topics))
    await produce(
      topic,
      [1, 2, 3, 4, 5].map((n) => ({ key: String(n), value: '1' })),
      brokers,
    );
  await rotateCertificate();
  write('password', 'first sesame');
  write('ca.pem', secured.ca.ca);
  write('tailrace.yaml', yaml());
  const read = () => readConfigFile(join(folder, 'tailrace.yaml'), connectors, {});
  const log = createLog({
    ...{ level: 'info', style: 'json' },
    write: (line) => void events.push(JSON.parse(line) as { event: string }),
  });
  const { signal } = new AbortController();
  pipeline = await startPipeline(resolved(await read()), {
    clock: systemClock,
    log,
    signal,
    readConfig: read,
  });
  await pipeline.ready;
  watcher = new Watcher(pipeline.publicUrl);
  await until('the snapshot', () => watcher.isLive && watcher.values.size === 10);
}, 60_000);
afterAll(async () => {
  watcher?.stop();
  await pipeline?.stop();
  await secured?.close();
  rmSync(folder, { recursive: true });
});

function yaml(fetchWindow = '10ms'): string {
  const [sasl, mtls] = [secured.at('short'), secured.at('mtls')];
  return `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: none
sources:
  - name: password
    kafka:
      brokers: ${String(sasl[0])}
      topics: [${topics.byPassword}]
      sasl: { mechanism: scram-sha-256, username: erin, password: { file: password } }
      fetchWindow: ${fetchWindow}
    map: [{ path: 'password/{key}' }]
  - name: certificate
    kafka:
      brokers: [${String(mtls[0])}]
      topics: [${topics.byCertificate}]
      tls: { ca: { file: ca.pem }, cert: { file: client.pem }, key: { file: client.key } }
    map: [{ path: 'certificate/{key}' }]
entitlements: [{ allow: everyone, paths: ['**'] }]
`;
}

async function rotateCertificate(): Promise<void> {
  const { cert, key } = await secured.ca.sign('client');
  write('client.pem', cert);
  write('client.key', key);
}

/** Records that each source has read. */
async function recordsRead(): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${pipeline.adminUrl}/metrics`)).text();
  const lines = metrics.matchAll(/^tailrace_source_records_total\{.*source="(\w+)".*\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, source = '', count]) => [source, Number(count)]));
}

/** One more record in each topic arrives, and is the only one that was read. */
async function expectGoesOn(value: Value & number): Promise<void> {
  const before = await recordsRead();
  for (const topic of Object.values(topics))
    await produce(topic, [{ key: '1', value: String(value) }], secured.brokers);
  const seen = (): boolean =>
    ['password/1', 'certificate/1'].every((path) => watcher.values.get(path) === value);
  await until('both values', seen);
  expect(await recordsRead()).toEqual(
    Object.fromEntries(Object.entries(before).map(([source, count]) => [source, count + 1])),
  );
  expect(watcher.marks).toEqual([]);
}

test('nothing is read anew or turns stale when a certificate is rotated and a password changed, and nothing is lost', async () => {
  await expectGoesOn(2);
  await secured.setPassword('second sesame');
  write('password', 'second sesame');
  await rotateCertificate();
  expect(await pipeline.reload('file')).toEqual({
    outcome: 'applied',
    changes: ['sources.password: options', 'sources.certificate: options'],
  });
  await expectGoesOn(3);
  write('tailrace.yaml', yaml('0ms'));
  expect((await pipeline.reload('file')).outcome).toBe('applied');
  await expectGoesOn(4);
  expect(events.filter(({ event }) => event === 'source-options-adopted')).toHaveLength(3);
  expect(JSON.stringify(events)).not.toContain('sesame');
}, 30_000);

test('a password that the cluster does not take is refused, and what runs goes on', async () => {
  write('password', 'no sesame');
  expect(await pipeline.reload('file')).toMatchObject({
    outcome: 'rejected',
    findings: [{ code: 'source-options-rejected', path: 'sources.password' }],
  });
  await expectGoesOn(5);
  write('password', 'second sesame');
  expect((await pipeline.reload('file')).outcome).toBe('unchanged');
}, 30_000);
