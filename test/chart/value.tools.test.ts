// What the chart promises of the running program, seen with a real Kafka: the rendered configuration starts, the pod of helm test
// gets its value, and probes and balancers get the answers that they are told to expect.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { loadConfig } from '../../src/config/load.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { tailrace } from '../cli/command.js';
import { resolved } from '../config/loading.js';
import { createTopic, produce, testBrokers } from '../support/kafka.js';
import { merged, only, render, type KubernetesObject } from './helm.js';
import { podOf, type Container } from './pods.js';
import { MINIMAL } from './scenarios.js';

const SECRET = 'a secret of more than thirty-two bytes';

let objects: readonly KubernetesObject[];
let pipeline: RunningPipeline;

beforeAll(async () => {
  const topic = await createTopic();
  await produce(topic, [{ key: 'EURUSD', value: '{"symbol":"EURUSD","bid":1.1}' }]);
  const source = {
    ...{ name: 'quotes', kafka: { brokers: testBrokers(), topics: [topic] } },
    map: [{ path: 'prices/{value.symbol}/spot' }],
  };
  const values = { config: { sources: [source] }, ingress: { enabled: true, controller: 'alb' } };
  objects = render(merged(MINIMAL, values));
  pipeline = await startPipeline(resolved(load()), {
    clock: systemClock,
    log: createLog({ level: 'error', style: 'json', write: () => undefined }),
    signal: new AbortController().signal,
  });
  await pipeline.ready;
}, 60_000);
afterAll(() => pipeline.stop());

/** The rendered ConfigMap with the container's variables; only the ports are any free ones. */
function load(): ReturnType<typeof loadConfig> {
  const { env = [] } = container();
  const free = { TAILRACE__LISTEN__PORT: '0', TAILRACE__ADMIN__PORT: '0', TOKEN_SECRET: SECRET };
  const variables = Object.fromEntries(env.map(({ name, value = '' }) => [name, value]));
  const text = only(objects, 'ConfigMap', '-config').data!['tailrace.yaml']!;
  const readFile = (path: string): never => {
    throw new Error(path);
  };
  const surroundings = { kind: 'online', env: { ...variables, ...free }, readFile } as const;
  return loadConfig({ name: 'tailrace.yaml', text }, connectors, surroundings);
}

function container(): Container {
  return podOf(only(objects, 'Deployment'))!.spec.containers[0]!;
}

/** Runs the command of the test's pod against what runs here. */
function helmTest(env: NodeJS.ProcessEnv): ReturnType<typeof tailrace> {
  const args = podOf(only(objects, 'Pod'))!.spec.containers[0]!.args!;
  const here = pipeline.publicUrl.replace('http', 'ws');
  return tailrace(
    args.map((arg) => arg.replace('ws://tailrace:8080', here).replace(/^30s$/, '5s')),
    { env },
  );
}

test('helm test opens a socket and gets a value', async () => {
  const token = await new SignJWT({ roles: ['trader'] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('helm-test')
    .setIssuer('https://idp.example')
    .setAudience('tailrace')
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(SECRET));
  const { code, stdout } = await helmTest({ TAILRACE_TOKEN: token });
  expect(JSON.parse(stdout)).toMatchObject({
    path: 'prices/EURUSD/spot',
    value: { symbol: 'EURUSD', bid: 1.1 },
  });
  expect(code).toBe(0);
});

test('helm test fails when it is not let in', async () => {
  expect((await helmTest({})).code).toBe(1);
});

test('probes get the answer that keeps the pod running and ready', async () => {
  const { startupProbe, readinessProbe, livenessProbe } = container();
  for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
    expect((await fetch(`${pipeline.adminUrl}${probe?.httpGet?.path}`)).status).toBe(200);
  }
});

test('the balancer of AWS gets the status that it is told to expect', async () => {
  const { annotations = {} } = only(objects, 'Ingress').metadata;
  const { status } = await fetch(
    `${pipeline.publicUrl}${annotations['alb.ingress.kubernetes.io/healthcheck-path']}`,
  );
  expect(String(status)).toBe(annotations['alb.ingress.kubernetes.io/success-codes']);
});
