// What the NetworkPolicy lets through: what is configured, and nothing by accident.

import { describe, expect, test } from '@jest/globals';
import { merged, only, render, type Values } from './helm.js';
import { MINIMAL } from './scenarios.js';

const DNS = {
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
};
const MONITORING = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };

interface Policy {
  readonly ingress: readonly Values[];
  readonly egress: readonly Values[];
}

function policy(values: Values): Policy {
  return only(render(merged(MINIMAL, values)), 'NetworkPolicy').spec as Policy;
}

/** Egress with this configuration. */
function egress(config: Values): readonly Values[] {
  return policy({ config }).egress;
}

function source(brokers: unknown): Values {
  return { name: 'quotes', kafka: { brokers, topics: ['fx'] }, map: [{ path: 'a' }] };
}

function to(...ports: number[]): Values {
  return { ports: ports.map((port) => ({ port, protocol: 'TCP' })) };
}

describe('egress', () => {
  test('is name servers and the ports of the brokers that the configuration names, each once', () => {
    expect(egress({})).toEqual([DNS, to(9092)]);
    const sources = [source(['a:9092', 'b.svc:9093,c:9092']), source(' [::1]:9094, d:9092,')];
    expect(egress({ sources })).toEqual([DNS, to(9092, 9093, 9094)]);
  });

  test('cannot know brokers that a variable holds, and opens nothing for them', () => {
    expect(egress({ sources: [source([{ env: 'BROKER' }])] })).toEqual([DNS]);
    expect(egress({ sources: [source({ env: 'BROKERS' })] })).toEqual([DNS]);
    expect(egress({ sources: [source(['kafka'])] })).toEqual([DNS]);
  });

  test.each([
    ['postgres://me@db/shop', [5432]],
    ['postgresql://db-1:6001,db-2,[::1]:6003?sslmode=require&x=:1', [6001, 5432, 6003]],
    [{ env: 'DATABASE_URL' }, [5432]],
    [{ file: '/run/secrets/url' }, [5432]],
  ])('lets the database at %j be reached', (url, ports) => {
    const shop = { name: 'shop', postgres: { url }, map: [{ path: 'a' }] };
    expect(egress({ sources: [shop] })).toEqual([DNS, to(...ports)]);
    expect(egress({ sources: [source(['a:9092']), shop] })).toEqual([DNS, to(9092, ...ports)]);
  });

  test.each<[unknown, readonly number[]]>([
    [{ url: 'https://api.example/lines/{for}?a=http://b:1' }, [443]],
    [{ url: 'http://me@stations.svc:8081' }, [8081]],
    [{ url: 'http://[fd00::7]/feed' }, [80]],
    [{ url: { env: 'FEED_URL' } }, []],
    [
      { url: 'https://api.example:8443', auth: { oauth2: { tokenUrl: 'https://idp.example/token' } } },
      [8443, 443],
    ],
    [{ url: 'https://api.example', auth: { bearer: { env: 'TOKEN' } } }, [443]],
  ])('lets the feed %j be reached', (rest, ports) => {
    const feed = { name: 'feed', rest, map: [{ path: 'a' }] };
    expect(egress({ sources: [source(['a:9092']), feed] })).toEqual([DNS, to(9092, ...ports)]);
  });

  test.each([
    ['https://idp.example/jwks.json', 443],
    ['https://idp.example:8443/jwks.json', 8443],
    ['http://idp.local/jwks.json', 80],
  ])('lets keys be fetched from %s', (jwksUrl, port) => {
    expect(egress({ auth: { jwt: { jwksUrl } } })).toEqual([DNS, to(9092, port)]);
  });

  test('knows nothing to derive from `auth: none`, or from a configuration that lies elsewhere', () => {
    expect(egress({ auth: 'none' })).toEqual([DNS, to(9092)]);
    const elsewhere = only(render({ existingConfigSecret: 'mine' }), 'NetworkPolicy').spec as Policy;
    expect(elsewhere.egress).toEqual([DNS]);
  });

  test('is what is listed, with templates in it, when nothing is to be derived', () => {
    const own = { to: [{ namespaceSelector: { matchLabels: { name: '{{ .Release.Name }}' } } }] };
    const found = policy({ networkPolicy: { deriveEgress: false, egress: [own] } }).egress;
    expect(found).toEqual([DNS, { to: [{ namespaceSelector: { matchLabels: { name: 'tailrace' } } }] }]);
  });

  test('never has a rule for all ports of all addresses', () => {
    for (const rule of egress({ auth: { jwt: { jwksUrl: 'https://idp.example' } } })) {
      expect(rule['ports']).not.toHaveLength(0);
    }
  });
});

describe('ingress', () => {
  test('is the public port for everybody, and the admin port for nobody but the probes', () => {
    expect(policy({}).ingress).toEqual([{ ports: [{ port: 'http', protocol: 'TCP' }] }]);
  });

  test('is the admin port for those who are named', () => {
    expect(policy({ networkPolicy: { adminFrom: [MONITORING] } }).ingress[1]).toEqual({
      ports: [{ port: 'admin', protocol: 'TCP' }],
      from: [MONITORING],
    });
  });

  test('is the public port for those who are named, and for the pod of helm test', () => {
    const values = { networkPolicy: { from: [MONITORING] } };
    const [rule] = policy(values).ingress as readonly [{ readonly from: readonly Values[] }];
    const pod = only(render(merged(MINIMAL, values)), 'Pod');
    expect(rule.from[0]).toEqual(MONITORING);
    const { matchLabels } = rule.from[1]!['podSelector'] as { readonly matchLabels: object };
    expect(pod.metadata.labels).toMatchObject(matchLabels);
  });
});
