// values.yaml keeps its word: each value changes what is rendered, each has its sentence, and what is no value is refused.

import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CHART, helm, isMap, merged, refusal, renderText, type Values } from './helm.js';
import { MINIMAL } from './scenarios.js';

const TEXT = readFileSync(join(CHART, 'values.yaml'), 'utf8');
const DEFAULTS = parse(TEXT) as Values;

/** `service.port` and its default; lists and empty mappings are leaves as well. */
const LEAVES = leavesOf(DEFAULTS, []);

const ENABLED = { enabled: true };
const LABELS = { 'example.org/some': 'thing' };
const OTHER = { name: 'other' };
const CONTAINER = { name: 'other', image: 'busybox' };
const PEER = { podSelector: {} };

/** What a value needs to matter at all, by the beginning of its path. */
const NEEDS: Readonly<Record<string, Values>> = {
  'adminToken.existingSecret.key': { adminToken: { existingSecret: OTHER } },
  'httpRoute.': { httpRoute: { ...ENABLED, parentRefs: [OTHER] } },
  'httpRoute.enabled': { httpRoute: { enabled: false, parentRefs: [OTHER] } },
  'ingress.': { ingress: ENABLED },
  'ingress.enabled': {},
  'serviceMonitor.': { serviceMonitor: ENABLED },
  'serviceMonitor.enabled': {},
  'prometheusRule.': { prometheusRule: ENABLED },
  'prometheusRule.enabled': {},
  'dashboard.': { dashboard: ENABLED },
  'dashboard.enabled': {},
  'service.nodePort': { service: { type: 'NodePort' } },
  'service.externalTrafficPolicy': { service: { type: 'NodePort' } },
  'service.loadBalancer': { service: { type: 'LoadBalancer' } },
  'tests.tokenSecret.key': { tests: { tokenSecret: OTHER } },
  existingConfig: { config: {}, env: [] },
};

/** Another valid value where its kind does not give one. */
const OTHERS: Readonly<Record<string, unknown>> = {
  affinity: { nodeAffinity: {} },
  config: { limits: { sessions: 10 } },
  dnsConfig: { nameservers: ['10.0.0.10'] },
  dnsPolicy: 'Default',
  env: [{ name: 'OTHER', value: 'x' }],
  envFrom: [{ secretRef: OTHER }],
  extraContainers: [CONTAINER],
  extraInitContainers: [CONTAINER],
  extraVolumeMounts: [{ name: 'other', mountPath: '/other' }],
  extraVolumes: [{ name: 'other', emptyDir: {} }],
  hostAliases: [{ ip: '10.0.0.5', hostnames: ['kafka'] }],
  'httpRoute.filters': [{ type: 'URLRewrite' }],
  'httpRoute.hostnames': ['other.example'],
  'httpRoute.parentRefs': [{ name: 'another' }],
  'httpRoute.path': '/v1',
  'httpRoute.requestTimeout': '1h',
  'image.digest': `sha256:${'1'.repeat(64)}`,
  'image.pullPolicy': 'Always',
  'image.pullSecrets': [OTHER],
  'ingress.controller': 'alb',
  'ingress.hosts': ['other.example'],
  'ingress.path': '/other',
  'ingress.tls': [{ secretName: 'other' }],
  lifecycle: { preStop: { sleep: { seconds: 1 } } },
  'networkPolicy.adminFrom': [PEER],
  'networkPolicy.dns.to': [PEER],
  'networkPolicy.egress': [{ to: [PEER] }],
  'networkPolicy.from': [PEER],
  replicas: 0,
  'securityContext.capabilities.drop': ['ALL', 'NET_RAW'],
  'service.externalTrafficPolicy': 'Local',
  'service.loadBalancerSourceRanges': ['10.0.0.0/8'],
  'service.type': 'NodePort',
  'shutdown.grace': '50s',
  'shutdown.spread': '10s',
  'shutdown.wait': '10s',
  'strategy.type': 'Recreate',
  tolerations: [{ operator: 'Exists' }],
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
};

describe('no value is dead', () => {
  test.each(LEAVES)('%s changes what is rendered', (path, value) => {
    const needs = Object.keys(NEEDS).filter((start) => path.startsWith(start));
    const need = NEEDS[needs.sort((a, b) => b.length - a.length)[0] ?? ''] ?? {};
    const base = path.startsWith('existingConfig') ? { existingConfigSecret: 'some' } : merged(MINIMAL, need);
    const other = OTHERS[path] ?? otherThan(value);
    const changed =
      path === 'existingConfigMap' ? { existingConfigMap: 'other' } : merged(base, at(path, other));
    expect(renderText(changed)).not.toBe(baseText(base));
  });

  test('the tables above name values only that exist', () => {
    const paths = LEAVES.map(([path]) => path);
    expect(Object.keys(OTHERS).filter((path) => !paths.includes(path))).toEqual([]);
    expect(Object.keys(NEEDS).filter((start) => !paths.some((path) => path.startsWith(start)))).toEqual([]);
  });
});

describe('values.yaml', () => {
  test('is shorter than 300 lines, and has a sentence for every value', () => {
    const lines = TEXT.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(300);
    const bare = lines.filter((line, index) => {
      const isValue = /^ *[A-Za-z_/.]+: \S/.test(line);
      return isValue && !/^ *# [^ ].*[^ ]$/.test(lines[index - 1] ?? '');
    });
    expect(bare).toEqual([]);
  });

  test('and its schema name the same values', () => {
    const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
    const { properties = {} } = schema;
    // Helm hands `global` to every chart that is part of another one.
    expect(Object.keys(properties).sort()).toEqual([...Object.keys(DEFAULTS), 'global'].sort());
    for (const [name, { properties: below, additionalProperties }] of Object.entries(properties)) {
      if (additionalProperties !== false || /affinity|lifecycle|resources|dnsConfig/.test(name)) continue;
      expect([name, ...Object.keys(below!).sort()]).toEqual([name, ...Object.keys(DEFAULTS[name]!).sort()]);
    }
  });
});

test('helm lint finds nothing, not even a warning', () => {
  const input = JSON.stringify(MINIMAL);
  expect(helm(['lint', CHART, '--strict', '--kube-version', '1.29.0', '--values', '-'], input)).not.toMatch(
    /WARN|ERROR/,
  );
});

describe('what cannot work is refused', () => {
  test.each<[Values, RegExp]>([
    [{ existingConfigMap: 'mine' }, /only one of `config`, existingConfigSecret and existingConfigMap/],
    [{ replicas: 2 }, /the role `single` keeps its log in memory.*Use 1, or 0 to pause/],
    [{ replicas: -1 }, /\/replicas'.*want 0/],
    [{ replicas: '1' }, /\/replicas'.*want integer/],
    [
      { shutdown: { wait: '25s' } },
      /shutdown.wait \(25s\) and shutdown.spread \(30s\) together must be shorter/,
    ],
    [{ shutdown: { grace: '1m' } }, /\/shutdown\/grace'.*does not match/],
    [{ terminationGracePeriodSeconds: 55 }, /must be longer than shutdown.grace \(55s\)/],
    [{ httpRoute: ENABLED }, /httpRoute.enabled needs httpRoute.parentRefs/],
    [
      { httpRoute: { ...ENABLED, parentRefs: [OTHER], path: '/live' } },
      /path \/live leads no request to \/v1\/stream/,
    ],
    [{ httpRoute: { requestTimeout: 'never' } }, /\/httpRoute\/requestTimeout'/],
    [{ ingress: { controller: 'nginx' } }, /\/ingress\/controller'.*'f5-nginx', 'contour', 'alb'/],
    [{ ingress: { path: 'live' } }, /\/ingress\/path'/],
    [{ service: { nodePort: 30080 } }, /need service.type NodePort or LoadBalancer/],
    [{ service: { loadBalancerClass: 'cloud' } }, /need service.type LoadBalancer/],
    [{ service: { type: 'ExternalName' } }, /\/service\/type'/],
    [{ service: { port: 0 } }, /\/service\/port'/],
    [{ networkPolicy: { dns: { to: [] } } }, /\/networkPolicy\/dns\/to'/],
    [{ networkPolicy: { from: [{ namespace: 'a' }] } }, /additional properties 'namespace' not allowed/],
    [{ networkPolicy: { egress: [{}] } }, /\/networkPolicy\/egress\/0'/],
    [{ livenessProbe: { period: 1 } }, /additional properties 'period' not allowed/],
    [{ image: { digest: 'latest' } }, /\/image\/digest'/],
    [{ commonLabels: { some: 1 } }, /\/commonLabels\/some'.*want string/],
    [{ env: { A: 'b' } }, /\/env'.*want array/],
    [{ config: 'listen: {}' }, /\/config'.*want object/],
    [{ config: { listen: { port: { env: 'PORT' } } } }, /\/config\/listen\/port'.*want integer/],
    [{ autoscaling: ENABLED }, /additional properties 'autoscaling' not allowed/],
    [{ podDisruptionBudget: ENABLED }, /additional properties 'podDisruptionBudget' not allowed/],
    [{ service: { admin: true } }, /additional properties 'admin' not allowed/],
  ])('%j', (values, sentence) => {
    expect(refusal(merged(MINIMAL, values))).toMatch(sentence);
  });

  test('an installation without a configuration', () => {
    expect(refusal({})).toMatch(/give `config` .*, existingConfigSecret or existingConfigMap/);
  });
});

const BASES = new Map<string, string>();

/** Many leaves share one. */
function baseText(values: Values): string {
  const key = JSON.stringify(values);
  const text = BASES.get(key) ?? renderText(values);
  BASES.set(key, text);
  return text;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
}

function leavesOf(values: Values, path: readonly string[]): [string, unknown][] {
  return Object.entries(values).flatMap(([key, value]): [string, unknown][] => {
    const here = [...path, key];
    return isMap(value) && Object.keys(value).length > 0 ? leavesOf(value, here) : [[here.join('.'), value]];
  });
}

function at(path: string, value: unknown): Values {
  return path.split('.').reduceRight<unknown>((below, key) => ({ [key]: below }), value) as Values;
}

/** Another value of the same kind; labels and annotations are the mappings that are empty by default. */
function otherThan(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return `${value}other`;
  if (isMap(value)) return LABELS;
  throw new Error('a list needs a row in OTHERS');
}
