// The `restricted` profile of Kubernetes' Pod Security Standards (https://kubernetes.io/docs/concepts/security/pod-security-standards),
// which includes `baseline`, one rule after the other; and what Tailrace asks for beyond it (F20).

import { containersOf, type Container, type Pod, type SecurityContext } from './pods.js';

/** The names of the rules that a pod breaks. */
export function brokenRules(pod: Pod): string[] {
  return Object.entries(RULES).flatMap(([name, holds]) => (holds(pod) ? [] : [name]));
}

type Rule = (pod: Pod) => boolean;

/** Pod and containers: fields that may stand in either must be harmless in both. */
function contexts(pod: Pod): SecurityContext[] {
  return [
    pod.spec.securityContext ?? {},
    ...containersOf(pod).map((container) => container.securityContext ?? {}),
  ];
}

function everyContext(holds: (context: SecurityContext) => boolean): Rule {
  return (pod) => contexts(pod).every(holds);
}

function everyContainer(holds: (container: Container, pod: Pod) => boolean): Rule {
  return (pod) => containersOf(pod).every((container) => holds(container, pod));
}

/** A container's own field, or the pod's when it has none. */
function effective<K extends keyof SecurityContext>(
  field: K,
  { securityContext }: Container,
  { spec }: Pod,
): SecurityContext[K] | undefined {
  return securityContext?.[field] ?? spec.securityContext?.[field];
}

function isOneOf(value: string | undefined, ...allowed: (string | undefined)[]): boolean {
  return allowed.includes(value);
}

const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);
const SECCOMP = ['RuntimeDefault', 'Localhost'];
const VOLUME_TYPES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const BASELINE: Readonly<Record<string, Rule>> = {
  'host process': everyContext(({ windowsOptions }) => windowsOptions?.hostProcess !== true),
  'host namespaces': ({ spec }) => !spec.hostNetwork && !spec.hostPID && !spec.hostIPC,
  privileged: everyContext(({ privileged }) => privileged !== true),
  'host ports': everyContainer(({ ports = [] }) => ports.every(({ hostPort = 0 }) => hostPort === 0)),
  'host probes and hooks': everyContainer(({ startupProbe, readinessProbe, livenessProbe, lifecycle = {} }) =>
    [startupProbe, readinessProbe, livenessProbe, ...Object.values(lifecycle)].every(
      (handler) => !handler?.httpGet?.host && !handler?.tcpSocket?.host,
    ),
  ),
  AppArmor: (pod) =>
    contexts(pod).every(({ appArmorProfile }) =>
      isOneOf(appArmorProfile?.type, undefined, 'RuntimeDefault', 'Localhost'),
    ) &&
    Object.entries(pod.metadata.annotations ?? {}).every(
      ([name, value]) =>
        !name.startsWith('container.apparmor.security.beta.kubernetes.io/') ||
        /^(runtime\/default|localhost\/.*)$/.test(value),
    ),
  SELinux: everyContext(
    ({ seLinuxOptions: { type, user, role } = {} }) =>
      isOneOf(
        type,
        undefined,
        '',
        'container_t',
        'container_init_t',
        'container_kvm_t',
        'container_engine_t',
      ) &&
      !user &&
      !role,
  ),
  '/proc mount': everyContext(({ procMount }) => isOneOf(procMount, undefined, 'Default')),
  sysctls: everyContext(({ sysctls = [] }) => sysctls.every(({ name }) => SAFE_SYSCTLS.has(name))),
};

const RESTRICTED: Readonly<Record<string, Rule>> = {
  'volume types': ({ spec: { volumes = [] } }) =>
    volumes.every((volume) => Object.keys(volume).every((key) => key === 'name' || VOLUME_TYPES.has(key))),
  'privilege escalation': everyContainer(
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation === false,
  ),
  'runs as non-root': everyContainer((container, pod) => effective('runAsNonRoot', container, pod) === true),
  'non-root user': everyContext(({ runAsUser }) => runAsUser !== 0),
  seccomp: (pod) =>
    contexts(pod).every(({ seccompProfile }) => isOneOf(seccompProfile?.type, undefined, ...SECCOMP)) &&
    containersOf(pod).every((container) =>
      isOneOf(effective('seccompProfile', container, pod)?.type, ...SECCOMP),
    ),
  'capabilities dropped': everyContainer(
    ({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') === true,
  ),
  'capabilities added': everyContainer(({ securityContext }) =>
    (securityContext?.capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'),
  ),
};

const OURS: Readonly<Record<string, Rule>> = {
  'read-only root': everyContainer(({ securityContext }) => securityContext?.readOnlyRootFilesystem === true),
  'no service account token': ({ spec }) => spec.automountServiceAccountToken === false,
  requests: everyContainer(({ resources }) =>
    Boolean(resources?.requests?.['cpu'] && resources.requests['memory']),
  ),
  'memory limit': everyContainer(({ resources }) => Boolean(resources?.limits?.['memory'])),
};

export const RULES: Readonly<Record<string, Rule>> = { ...BASELINE, ...RESTRICTED, ...OURS };
