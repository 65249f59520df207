// F20: what the chart deploys is hardened by default. That the profile check notices each breach is shown by a pod that has it.

import { describe, expect, test } from '@jest/globals';
import { only, render, type KubernetesObject } from './helm.js';
import { podOf, type Pod } from './pods.js';
import { brokenRules, RULES } from './restricted.js';
import { MINIMAL } from './scenarios.js';

const objects = render(MINIMAL);
const good = podOf(only(objects, 'Deployment'))!;

/** For each rule of the profile changes by `path=value`, each of which breaks that rule and no other. */
const BREACHES: Readonly<Record<string, readonly (readonly [path: string, value: unknown])[]>> = {
  'host process': [['spec.containers.0.securityContext.windowsOptions', { hostProcess: true }]],
  'host namespaces': [
    ['spec.hostNetwork', true],
    ['spec.hostPID', true],
    ['spec.hostIPC', true],
  ],
  privileged: [['spec.containers.0.securityContext.privileged', true]],
  'host ports': [['spec.containers.0.ports.0.hostPort', 8080]],
  'host probes and hooks': [
    ['spec.containers.0.livenessProbe.httpGet.host', '10.0.0.1'],
    ['spec.containers.0.lifecycle', { preStop: { httpGet: { host: '10.0.0.1', port: 80 } } }],
  ],
  AppArmor: [
    ['spec.securityContext.appArmorProfile', { type: 'Unconfined' }],
    ['metadata.annotations', { 'container.apparmor.security.beta.kubernetes.io/tailrace': 'unconfined' }],
  ],
  SELinux: [
    ['spec.securityContext.seLinuxOptions', { type: 'spc_t' }],
    ['spec.containers.0.securityContext.seLinuxOptions', { user: 'system_u' }],
  ],
  '/proc mount': [['spec.containers.0.securityContext.procMount', 'Unmasked']],
  sysctls: [['spec.securityContext.sysctls', [{ name: 'kernel.msgmax', value: '1' }]]],
  'volume types': [['spec.volumes.0', { name: 'config', hostPath: { path: '/' } }]],
  'privilege escalation': [
    ['spec.containers.0.securityContext.allowPrivilegeEscalation', true],
    ['spec.containers.0.securityContext.allowPrivilegeEscalation', undefined],
  ],
  'runs as non-root': [
    ['spec.securityContext.runAsNonRoot', undefined],
    ['spec.containers.0.securityContext.runAsNonRoot', false],
  ],
  'non-root user': [['spec.containers.0.securityContext.runAsUser', 0]],
  seccomp: [
    ['spec.securityContext.seccompProfile', undefined],
    ['spec.containers.0.securityContext.seccompProfile', { type: 'Unconfined' }],
  ],
  'capabilities dropped': [['spec.containers.0.securityContext.capabilities.drop', ['NET_RAW']]],
  'capabilities added': [['spec.containers.0.securityContext.capabilities.add', ['SYS_ADMIN']]],
  'read-only root': [['spec.containers.0.securityContext.readOnlyRootFilesystem', undefined]],
  'no service account token': [['spec.automountServiceAccountToken', undefined]],
  requests: [['spec.containers.0.resources.requests.memory', undefined]],
  'memory limit': [['spec.containers.0.resources.limits', {}]],
};

describe('the profile check', () => {
  test('F20 finds nothing in the pod of the chart', () => {
    expect(brokenRules(good)).toEqual([]);
  });

  test.each(Object.keys(RULES))('F20 notices each breach of the rule "%s", and blames no other', (rule) => {
    const breaches = BREACHES[rule] ?? [];
    expect(breaches.length).toBeGreaterThan(0);
    for (const [path, value] of breaches) expect(brokenRules(changed(good, path, value))).toEqual([rule]);
  });

  test('F20 looks at init containers and ephemeral ones as well', () => {
    const bare = { name: 'bare', image: 'busybox' };
    for (const field of ['initContainers', 'ephemeralContainers']) {
      expect(brokenRules(changed(good, `spec.${field}`, [bare]))).toContain('privilege escalation');
    }
  });
});

test('F20 the pods have no token of the API, run as 65532, and no processor limit throttles the event loop', () => {
  expect(only(objects, 'ServiceAccount')).toMatchObject({ automountServiceAccountToken: false });
  for (const pod of objects.flatMap((object) => podOf(object) ?? [])) {
    expect(pod.spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod.spec.containers[0]!.resources!.limits).not.toHaveProperty('cpu');
  }
});

test('F20 the NetworkPolicy selects the pods and denies both ways what it does not list', () => {
  const { spec } = only(objects, 'NetworkPolicy') as KubernetesObject & {
    readonly spec: { readonly podSelector: { readonly matchLabels: object }; readonly policyTypes: string[] };
  };
  expect(good.metadata.labels).toMatchObject(spec.podSelector.matchLabels);
  expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
});

/** A copy with one field changed; undefined removes it. */
function changed(pod: Pod, path: string, value: unknown): Pod {
  const copy = structuredClone(pod) as unknown as Record<string, unknown>;
  const steps = path.split('.');
  const last = steps.pop()!;
  const parent = steps.reduce((node, step) => node[step] as Record<string, unknown>, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy as unknown as Pod;
}
