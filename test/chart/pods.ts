// What tests read of a pod, wherever it stands in an object.

import type { KubernetesObject, Metadata } from './helm.js';

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly ports?: readonly ContainerPort[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly subPath?: string }[];
  readonly securityContext?: SecurityContext;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: Readonly<Record<string, Probe>>;
}

export interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
  readonly hostPort?: number;
}

export interface Probe {
  readonly httpGet?: { readonly host?: string; readonly path?: string; readonly port: number | string };
  readonly tcpSocket?: { readonly host?: string; readonly port: number | string };
}

/** Of a pod or a container; the fields of both. */
export interface SecurityContext {
  readonly privileged?: boolean;
  readonly procMount?: string;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
  readonly appArmorProfile?: { readonly type: string };
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string };
  readonly windowsOptions?: { readonly hostProcess?: boolean };
  readonly sysctls?: readonly { readonly name: string }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly securityContext?: SecurityContext;
  readonly automountServiceAccountToken?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly hostUsers?: boolean;
  readonly os?: { readonly name: string };
  readonly terminationGracePeriodSeconds?: number;
}

export interface Pod {
  readonly metadata: Partial<Metadata>;
  readonly spec: PodSpec;
}

/** The pod that an object is, or that it makes. Other objects make none. */
export function podOf({ kind, metadata, spec }: KubernetesObject): Pod | undefined {
  if (kind === 'Pod') return { metadata, spec: spec as PodSpec };
  return kind === 'Deployment' ? (spec as { readonly template: Pod }).template : undefined;
}

export function containersOf({ spec }: Pod): Container[] {
  return [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
}
