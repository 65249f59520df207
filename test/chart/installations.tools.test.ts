// What holds for whatever is rendered: the API takes it, the restricted profile runs it, everything in it is labelled, and its
// ports and its configuration fit together.

import { describe, expect, test } from '@jest/globals';
import { connectors } from '../../connectors/registry.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig } from '../../src/config/load.js';
import { apiOf } from './api-schema.js';
import { NEWEST, OLDEST, only, render, type KubernetesObject } from './helm.js';
import { containersOf, podOf } from './pods.js';
import { brokenRules } from './restricted.js';
import { SCENARIOS } from './scenarios.js';

const RENDERED = Object.entries(SCENARIOS).map(([name, values]) => ({ name, objects: render(values) }));
const apis = [apiOf(OLDEST), apiOf(NEWEST)];

describe.each(RENDERED)('$name', ({ objects }) => {
  test(`the API of Kubernetes ${OLDEST} and ${NEWEST} takes every object`, () => {
    expect(apis.flatMap((check) => objects.flatMap(check))).toEqual([]);
  });

  test('F20 every render runs under the restricted profile: pods, and the pod of helm test', () => {
    const pods = objects.flatMap((object) => podOf(object) ?? []);
    expect(pods).toHaveLength(2);
    expect(pods.flatMap(brokenRules)).toEqual([]);
  });

  test('every object, and the pod, bears the labels that tell it from others', () => {
    const all = [...objects, ...objects.flatMap((object) => podOf(object) ?? [])];
    for (const { metadata } of all) {
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/name': expect.stringMatching(/^(tailrace|bridge)$/) as unknown,
        'app.kubernetes.io/instance': 'tailrace',
        'app.kubernetes.io/component': expect.stringMatching(/^(single|test)$/) as unknown,
      });
    }
    for (const { metadata } of objects) {
      expect(metadata.labels).toMatchObject({
        'helm.sh/chart': 'tailrace-0.1.0',
        'app.kubernetes.io/managed-by': 'Helm',
        'app.kubernetes.io/version': '0.1.0',
      });
      expect(metadata.namespace).toBe('live');
      expect(metadata.name.length).toBeLessThanOrEqual(63);
    }
    expect(new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(
      objects.length,
    );
  });

  test('every port that something names exists, and no route leads to the admin port', () => {
    const pod = podOf(only(objects, 'Deployment'));
    const container = containersOf(pod!).find(({ name }) => name === 'tailrace')!;
    const ports = container.ports!.map(({ name }) => name);
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
    expect(probes.map((probe) => probe?.httpGet?.port)).toEqual(['admin', 'admin', 'admin']);
    expect(ports).toEqual(['http', 'admin']);

    const [open, admin] = [only(objects, 'Service', publicName(objects)), only(objects, 'Service', '-admin')];
    expect(portsOf(open)).toMatchObject([{ name: 'http', targetPort: 'http' }]);
    expect(portsOf(admin)).toMatchObject([{ name: 'admin', targetPort: 'admin' }]);
    expect(admin.spec).toMatchObject({ type: 'ClusterIP' });
    for (const service of [open, admin]) {
      expect(pod!.metadata.labels).toMatchObject((service.spec as { readonly selector: object }).selector);
    }
    for (const { name, port } of backendsOf(objects)) {
      expect(name).toBe(open.metadata.name);
      expect([portsOf(open)[0]!.port, 'http']).toContain(port);
    }
  });

  test('the configuration is mounted as a folder, so that a changed one reaches a running pod', () => {
    const pod = podOf(only(objects, 'Deployment'))!;
    const mount = pod.spec.containers[0]!.volumeMounts!.find(({ name }) => name === 'config');
    expect(mount).toEqual({ name: 'config', mountPath: '/etc/tailrace', readOnly: true });
    expect(pod.spec.volumes).toContainEqual(expect.objectContaining({ name: 'config' }));
  });

  test('`tailrace check` accepts the configuration, and the variables of the chart are options', () => {
    const text = objects.find(({ metadata }) => metadata.name.endsWith('-config'))?.data?.['tailrace.yaml'];
    if (text === undefined) return;
    const { env = [] } = podOf(only(objects, 'Deployment'))!.spec.containers[0]!;
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'x'.repeat(32)]));
    const online = { kind: 'online', env: variables, readFile } as const;
    for (const surroundings of [{ kind: 'offline' } as const, online]) {
      const { findings } = loadConfig({ name: 'tailrace.yaml', text }, connectors, surroundings);
      expect(findings.map(findingText)).toEqual([]);
    }
  });
});

test('every scenario draws on the templates: no template is left that none renders, but the budget', () => {
  const kinds = new Set(RENDERED.flatMap(({ objects }) => objects.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual([
    ...['ConfigMap', 'Deployment', 'HTTPRoute', 'Ingress', 'NetworkPolicy', 'Pod'],
    ...['PrometheusRule', 'Service', 'ServiceAccount', 'ServiceMonitor'],
  ]);
});

test('an unknown field is an error in every kind of object', () => {
  const all = RENDERED.flatMap(({ objects }) => objects);
  const byKind = new Map(all.map((object) => [object.kind, object]));
  for (const [kind, object] of byKind) {
    const part = object.spec === undefined ? {} : { spec: { ...(object.spec as object), surprise: 1 } };
    const spoilt = { ...object, ...part, surprise: 1 } as unknown as KubernetesObject;
    const found = apis.map((check) => [
      kind,
      check(spoilt).filter((text) => text.includes('surprise')).length,
    ]);
    const expected = object.spec === undefined ? 1 : 2;
    expect(found).toEqual(apis.map(() => [kind, expected]));
  }
});

function readFile(path: string): string {
  throw new Error(`${path} is no file of a test`);
}

function publicName(objects: readonly KubernetesObject[]): string {
  return only(objects, 'Deployment').metadata.name;
}

interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: string;
}

function portsOf({ spec }: KubernetesObject): readonly ServicePort[] {
  return (spec as { readonly ports: readonly ServicePort[] }).ports;
}

/** Services that an HTTPRoute or an Ingress leads to. */
function backendsOf(objects: readonly KubernetesObject[]): { name: string; port: string | number }[] {
  const found: { name: string; port: string | number }[] = [];
  const routes = objects.filter(({ kind }) => kind === 'HTTPRoute' || kind === 'Ingress');
  JSON.stringify(routes, (key, value: unknown) => {
    if (key === 'backendRefs') found.push(...(value as typeof found));
    if (key !== 'service') return value;
    const { name, port } = value as { name: string; port: { name?: string; number?: number } };
    found.push({ name, port: port.name ?? port.number ?? '' });
    return value;
  });
  return found;
}
