// What single facts of the rendered objects stand for: reload without a restart, drain, routes for WebSockets, one replica, names.

import { describe, expect, test } from '@jest/globals';
import { mkdirSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { apiOf } from './api-schema.js';
import {
  CHART,
  merged,
  NEWEST,
  only,
  render,
  withChart,
  type KubernetesObject,
  type Values,
} from './helm.js';
import { podOf, type Container } from './pods.js';
import { MINIMAL, SCENARIOS } from './scenarios.js';

const ROOT = join(CHART, '../..');

function rendered(values: Values = {}): KubernetesObject[] {
  return render(merged(MINIMAL, values));
}

function container(values: Values = {}): Container {
  return podOf(only(rendered(values), 'Deployment'))!.spec.containers[0]!;
}

describe('the configuration', () => {
  test('arrives as it was written, numbers and all', () => {
    const text = readFileSync(join(ROOT, 'examples/tailrace.yaml'), 'utf8');
    const config = merged(parse(text) as Values, {
      limits: { maxValueBytes: 123456789, stallTimeout: '30s' },
    });
    const { data } = only(render({ config }), 'ConfigMap', '-config');
    expect(parse(data!['tailrace.yaml']!)).toEqual(config);
  });

  test('D9 restarts no pod when it changes, unless asked to', () => {
    const change = { config: { limits: { sessions: 5 } } };
    const pods = (values: Values): unknown => only(rendered(values), 'Deployment').spec;
    expect(pods(change)).toEqual(pods({}));
    const restart = { restartOnConfigChange: true };
    expect(pods(merged(change, restart))).not.toEqual(pods(restart));
  });
});

describe('the workload', () => {
  test('D3 has time to drain: unready, then a spread of closes, all before the pod is killed', () => {
    const { env } = container();
    expect(env).toEqual(
      expect.arrayContaining([
        { name: 'TAILRACE__SHUTDOWN__WAIT', value: '5s' },
        { name: 'TAILRACE__SHUTDOWN__SPREAD', value: '30s' },
        { name: 'TAILRACE__SHUTDOWN__GRACE', value: '55s' },
      ]),
    );
    expect(podOf(only(rendered(), 'Deployment'))!.spec.terminationGracePeriodSeconds).toBe(60);
  });

  test('D8 is restarted after more than 30 s of silence only, and has half an hour to load', () => {
    type Timing = { readonly periodSeconds: number; readonly failureThreshold: number };
    const seconds = (probe: unknown): number =>
      (probe as Timing).periodSeconds * (probe as Timing).failureThreshold;
    const { livenessProbe, startupProbe, readinessProbe } = container();
    expect(seconds(livenessProbe)).toBeGreaterThan(30);
    expect(seconds(startupProbe)).toBe(30 * 60);
    expect(seconds(readinessProbe)).toBeLessThan(5);
    expect(livenessProbe?.httpGet?.path).toBe('/livez');
    expect([startupProbe, readinessProbe].map((probe) => probe?.httpGet?.path)).toEqual([
      '/readyz',
      '/readyz',
    ]);
  });

  test('takes over every field of a probe', () => {
    const fields = {
      initialDelaySeconds: 1,
      successThreshold: 1,
      terminationGracePeriodSeconds: 9,
      timeoutSeconds: 7,
    };
    const exec = { httpGet: null, exec: { command: ['node', '/app/dist/src/main.js', 'health'] } };
    expect(container({ livenessProbe: { ...fields, httpGet: { scheme: 'HTTPS' } } }).livenessProbe).toEqual({
      ...fields,
      ...{ periodSeconds: 10, failureThreshold: 4 },
      httpGet: { path: '/livez', port: 'admin', scheme: 'HTTPS' },
    });
    expect(container({ startupProbe: exec }).startupProbe).toEqual({
      ...{ periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 360 },
      exec: exec.exec,
    });
  });

  test('starts the new pod before the old one drains', () => {
    expect(only(rendered(), 'Deployment').spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
  });

  test('is the same pod in another version of the chart: only the image restarts it', () => {
    const edit = (chart: string): void => {
      const file = join(chart, 'Chart.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^version: .*/m, 'version: 9.9.9'));
    };
    const [before] = [only(rendered(), 'Deployment')];
    const after = withChart(edit, (chart) => only(render(MINIMAL, { chart }), 'Deployment'));
    expect(after.metadata.labels).toMatchObject({ 'helm.sh/chart': 'tailrace-9.9.9' });
    expect(after.spec).toEqual(before.spec);
  });

  test('has no disruption budget and no autoscaler while it is one replica', () => {
    const kinds = Object.values(SCENARIOS).flatMap((values) => render(values).map(({ kind }) => kind));
    expect(kinds).not.toContain('PodDisruptionBudget');
    expect(kinds).not.toContain('HorizontalPodAutoscaler');
  });

  test('has a disruption budget once a role may have more than one', () => {
    const edit = (chart: string): void => {
      const file = join(chart, 'templates/_helpers.tpl');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^single$/m, 'edge'));
    };
    const objects = withChart(edit, (chart) => render(merged(MINIMAL, { replicas: 3 }), { chart }));
    const budget = only(objects, 'PodDisruptionBudget');
    expect(apiOf(NEWEST)(budget)).toEqual([]);
    const { selector } = budget.spec as { readonly selector: { readonly matchLabels: object } };
    expect(podOf(only(objects, 'Deployment'))!.metadata.labels).toMatchObject(selector.matchLabels);
  });
});

describe('the way to a WebSocket', () => {
  test('is a route without a time limit, to a port that says what it speaks', () => {
    const objects = rendered({ httpRoute: { enabled: true, parentRefs: [{ name: 'public' }] } });
    const { rules } = only(objects, 'HTTPRoute').spec as { readonly rules: readonly object[] };
    expect(rules).toEqual([
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        timeouts: { request: '0s' },
        backendRefs: [{ name: 'tailrace', port: 8080 }],
      },
    ]);
    const { ports } = only(objects, 'Service', 'tailrace').spec as { readonly ports: readonly object[] };
    expect(ports).toMatchObject([{ appProtocol: 'kubernetes.io/ws' }]);
  });

  test.each([
    ['', {}],
    ['f5-nginx', { 'nginx.org/websocket-services': 'tailrace' }],
    ['contour', { 'projectcontour.io/websocket-routes': '/' }],
    [
      'alb',
      {
        'alb.ingress.kubernetes.io/target-type': 'ip',
        'alb.ingress.kubernetes.io/healthcheck-path': '/v1/stream',
        'alb.ingress.kubernetes.io/success-codes': '426',
      },
    ],
  ])('is an Ingress with what the controller "%s" needs', (controller, annotations) => {
    const found = only(rendered({ ingress: { enabled: true, controller } }), 'Ingress');
    expect(found.metadata.annotations ?? {}).toEqual(annotations);
  });

  test("is an Ingress in which the user's annotations win", () => {
    const own = { 'alb.ingress.kubernetes.io/target-type': 'instance', 'some/other': '{{ .Release.Name }}' };
    const found = only(
      rendered({ ingress: { enabled: true, controller: 'alb', annotations: own } }),
      'Ingress',
    );
    expect(found.metadata.annotations).toMatchObject({
      'alb.ingress.kubernetes.io/target-type': 'instance',
      'some/other': 'tailrace',
    });
  });
});

describe('labels and annotations', () => {
  test('of all objects are on every object and the pods, with templates in them', () => {
    const values = merged(SCENARIOS['extras of every kind']!, {
      ...{ httpRoute: { enabled: true, parentRefs: [{ name: 'a' }] }, ingress: { enabled: true } },
      ...{
        serviceMonitor: { enabled: true },
        prometheusRule: { enabled: true },
        dashboard: { enabled: true },
      },
    });
    const objects = render(values);
    expect(new Set(objects.map(({ kind }) => kind)).size).toBe(10);
    for (const { metadata } of [...objects, ...objects.flatMap((object) => podOf(object) ?? [])]) {
      expect(metadata.labels).toMatchObject({ team: 'live', where: 'live' });
      expect(metadata.annotations).toMatchObject({ owner: 'team-tailrace' });
    }
  });

  test('of one object win over those of all, and the chart’s own over both', () => {
    const labels = { 'app.kubernetes.io/name': 'mine', tier: 'common' };
    const pod = podOf(only(rendered({ commonLabels: labels, podLabels: { tier: 'pod' } }), 'Deployment'))!;
    expect(pod.metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'tailrace', tier: 'pod' });
  });
});

describe('names', () => {
  test('come from the release, which may be called like the chart', () => {
    const nameOf = (release: string): string =>
      only(render(MINIMAL, { release }), 'Deployment').metadata.name;
    expect(nameOf('tailrace')).toBe('tailrace');
    expect(nameOf('prod-tailrace')).toBe('prod-tailrace');
    expect(nameOf('prod')).toBe('prod-tailrace');
  });

  test('as part of another chart are its own, and `global` is no stranger', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tailrace-platform-'));
    try {
      mkdirSync(join(folder, 'charts'));
      cpSync(CHART, join(folder, 'charts/tailrace'), { recursive: true });
      writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: platform\nversion: 1.0.0\n');
      const values = { global: { domain: 'example.org' }, tailrace: MINIMAL };
      const objects = render(values, { chart: folder, release: 'prod' });
      expect(only(objects, 'Deployment').metadata.name).toBe('prod-tailrace');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('helm test', () => {
  test('opens a socket at the public Service and waits for one value', () => {
    const pod = podOf(only(rendered({ fullnameOverride: 'live', service: { port: 80 } }), 'Pod'))!;
    const url = 'ws://live:80/v1/stream';
    expect(pod.spec.containers[0]!.args).toEqual(['cat', '**', '-n', '1', '--timeout', '30s', '--url', url]);
    expect(pod.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'test' });
  });

  test('presents the token of a Secret when one is named', () => {
    const pod = podOf(only(rendered({ tests: { tokenSecret: { name: 'viewer' } } }), 'Pod'))!;
    const valueFrom = { secretKeyRef: { name: 'viewer', key: 'token' } };
    expect(pod.spec.containers[0]!.env).toEqual([{ name: 'TAILRACE_TOKEN', valueFrom }]);
  });
});

describe('monitoring', () => {
  test.each(['alerts.yaml', 'dashboard.json'])('%s of the chart is the one in monitoring/', (name) => {
    const [copy, original] = [join(CHART, 'files', name), join(ROOT, 'monitoring', name)];
    if (!existsSync(copy)) throw new Error(`${copy} is missing: cp ${original} ${copy}`);
    expect(readFileSync(copy, 'utf8')).toBe(readFileSync(original, 'utf8'));
  });

  test('brings alerts and dashboard into the cluster as they are', () => {
    const objects = render(SCENARIOS['monitoring']!);
    const alerts: unknown = parse(readFileSync(join(ROOT, 'monitoring/alerts.yaml'), 'utf8'));
    expect(only(objects, 'PrometheusRule').spec).toEqual(alerts);
    const dashboard = only(objects, 'ConfigMap', '-dashboard');
    expect(dashboard.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    const original: unknown = JSON.parse(readFileSync(join(ROOT, 'monitoring/dashboard.json'), 'utf8'));
    expect(JSON.parse(dashboard.data!['tailrace.json']!)).toEqual(original);
  });

  test('scrapes the admin Service, and it alone', () => {
    const objects = render(SCENARIOS['monitoring']!);
    const { selector, endpoints, namespaceSelector } = only(objects, 'ServiceMonitor').spec as {
      readonly selector: { readonly matchLabels: object };
      readonly endpoints: readonly Values[];
      readonly namespaceSelector: unknown;
    };
    const admin = only(objects, 'Service', '-admin');
    expect(admin.metadata.labels).toMatchObject(selector.matchLabels);
    expect(admin.spec).toMatchObject({ ports: [{ name: endpoints[0]!['port'] }] });
    expect(only(objects, 'Service', 'tailrace').spec).not.toMatchObject({ ports: [{ name: 'admin' }] });
    expect(endpoints).toMatchObject([
      { port: 'admin', path: '/metrics', interval: '30s', scrapeTimeout: '10s' },
    ]);
    expect(namespaceSelector).toEqual({ matchNames: ['live'] });
  });
});
