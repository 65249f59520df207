// Installations that the tests render: each stands for a way in which somebody uses the chart.

import { parse } from 'yaml';
import { merged, type Values } from './helm.js';

/** The least that an installation needs. */
export const MINIMAL = parse(`
config:
  auth: { jwt: { secret: { env: TOKEN_SECRET }, issuer: https://idp.example, audience: tailrace } }
  sources:
    - name: quotes
      kafka: { brokers: [kafka.streaming:9092], topics: [fx.quotes] }
      map: [{ path: 'prices/{value.symbol}/spot' }]
  entitlements:
    - { allow: [trader], paths: [prices/**] }
env:
  - { name: TOKEN_SECRET, valueFrom: { secretKeyRef: { name: tailrace, key: token-secret } } }
`) as Values;

const CONTAINER = `
    image: busybox:1.37
    resources: { requests: { cpu: 10m, memory: 16Mi }, limits: { memory: 32Mi } }
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }`;

const EXTRAS = `
commonLabels: { team: live, where: '{{ .Release.Namespace }}' }
commonAnnotations: { owner: 'team-{{ .Release.Name }}' }
deploymentLabels: { deployment: d }
deploymentAnnotations: { deployment: d }
podLabels: { pod: p }
podAnnotations: { pod: p }
image: { digest: 'sha256:${'0'.repeat(64)}', pullSecrets: [{ name: registry }] }
env: [{ name: TOKEN_SECRET, value: '{{ .Release.Name | repeat 4 }}' }]
envFrom: [{ secretRef: { name: '{{ .Release.Name }}-kafka' } }]
adminToken: { existingSecret: { name: '{{ .Release.Name }}-admin' } }
lifecycle: { preStop: { sleep: { seconds: 1 } } }
nodeSelector: { kubernetes.io/arch: arm64 }
tolerations: [{ key: dedicated, operator: Exists, effect: NoSchedule }]
affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [
  { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app.kubernetes.io/instance: '{{ .Release.Name }}' } } }] } }
topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: { matchLabels: { pod: p } } }]
priorityClassName: high
hostAliases: [{ ip: 10.0.0.5, hostnames: [kafka] }]
dnsPolicy: None
dnsConfig: { nameservers: [10.0.0.10], options: [{ name: ndots, value: '2' }] }
extraVolumes:
  - { name: ca, secret: { secretName: '{{ .Release.Name }}-ca' } }
  - { name: scratch, emptyDir: {} }
extraVolumeMounts: [{ name: ca, mountPath: /run/secrets/ca, readOnly: true }]
extraContainers:
  - name: beside${CONTAINER}
extraInitContainers:
  - name: before${CONTAINER}
tests: { filter: 'prices/**', tokenSecret: { name: viewer }, annotations: { sidecar.istio.io/inject: 'false' } }
`;

const INGRESS = `ingress: { enabled: true, className: edge, hosts: [live.example.org, '{{ .Release.Name }}.example.org'],
  annotations: { own: a }, tls: [{ secretName: tls, hosts: [live.example.org] }] }`;

const TEXTS: Readonly<Record<string, string>> = {
  minimal: '',
  'existing Secret': 'existingConfigSecret: "{{ .Release.Name }}-config"',
  'existing ConfigMap': 'existingConfigMap: mine',
  paused: 'replicas: 0',
  'restarts with less memory': '{ strategy: { type: Recreate }, restartOnConfigChange: true }',
  'own ports':
    '{ config: { listen: { port: 3000 }, admin: { port: 3001 } }, service: { port: 80 }, adminService: { port: 81 } }',
  HTTPRoute: `httpRoute: { enabled: true, parentRefs: [{ name: public, namespace: gateways, sectionName: https }], path: /live,
    hostnames: ['{{ .Release.Name }}.example.org'], annotations: { a: b },
    filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: / } } }] }`,
  Ingress: INGRESS,
  'Ingress of f5-nginx': INGRESS.replace('enabled: true', 'enabled: true, controller: f5-nginx'),
  'Ingress of contour': INGRESS.replace('enabled: true', 'enabled: true, controller: contour'),
  'Ingress of alb': INGRESS.replace('enabled: true', 'enabled: true, controller: alb'),
  monitoring: `
serviceMonitor: { enabled: true, labels: { release: prometheus }, endpoint: { scrapeTimeout: 10s,
  metricRelabelings: [{ action: drop, sourceLabels: [__name__], regex: nodejs_.* }] } }
prometheusRule: { enabled: true, labels: { release: prometheus } }
dashboard: { enabled: true, annotations: { grafana_folder: Live } }
networkPolicy: { adminFrom: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }] }`,
  'no NetworkPolicy': 'networkPolicy: { enabled: false }',
  'narrow NetworkPolicy': `networkPolicy: { deriveEgress: false, from: [{ ipBlock: { cidr: 10.0.0.0/8 } }],
    dns: { port: 5353, to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: openshift-dns } } }] },
    egress: [{ to: [{ ipBlock: { cidr: 10.1.2.0/24 } }], ports: [{ port: 9092, protocol: TCP }] }] }`,
  LoadBalancer: `service: { type: LoadBalancer, port: 443, loadBalancerClass: cloud, loadBalancerSourceRanges: [10.0.0.0/8],
    externalTrafficPolicy: Local, appProtocol: '', annotations: { a: b } }`,
  NodePort: 'service: { type: NodePort, nodePort: 30080, appProtocol: http }',
  OpenShift: 'podSecurityContext: { runAsUser: null, runAsGroup: null }',
  'existing ServiceAccount': 'serviceAccount: { create: false, name: mine }',
  'own names': `{ nameOverride: bridge, fullnameOverride: ${'long'.repeat(15)} }`,
  'extras of every kind': EXTRAS,
};

/** Values by the name of the installation. */
export const SCENARIOS: Readonly<Record<string, Values>> = Object.fromEntries(
  Object.entries(TEXTS).map(([name, text]) => {
    const own = (parse(text) ?? {}) as Values;
    return [
      name,
      name.startsWith('existing Conf') || name.startsWith('existing Secret') ? own : merged(MINIMAL, own),
    ];
  }),
);
