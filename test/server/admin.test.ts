// The operator's port: health and metrics.

import { afterEach, describe, expect, test } from '@jest/globals';
import { AdminServer, type ReadinessCheck } from '../../src/server/admin-server.js';
import { createMetrics, METRICS, type SourceFigures, type Suppliers } from '../../src/telemetry/metrics.js';
import { TestServer } from './test-server.js';
import { until } from './until.js';

const running: AdminServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((admin) => admin.stop()));
});

async function start(o: {
  suppliers?: Partial<Suppliers>;
  readiness?: () => readonly ReadinessCheck[];
}): Promise<string> {
  const metrics = createMetrics({ version: '1.2.3', isInsecure: false, ...o.suppliers });
  const admin = new AdminServer({
    listen: { host: '127.0.0.1', port: 0 },
    metrics: () => metrics.scrape(),
    readiness: o.readiness ?? (() => []),
  });
  running.push(admin);
  return `http://127.0.0.1:${(await admin.listen()).port}`;
}

async function scrape(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const samples = text.split('\n').filter((line) => line.startsWith('tailrace_'));
  return new Map(
    samples.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}

const source: SourceFigures = {
  source: 'quotes',
  state: 'live',
  counts: {
    records: 10,
    bytes: 1_000,
    mapped: 4,
    unchanged: 3,
    filtered: 1,
    rejected: { 'missing-field': 2 },
    updates: 5,
    contended: 1,
    swept: 0,
  },
};

describe('health', () => {
  test('livez answers whatever is not ready; readyz tells what is waited for', async () => {
    const checks = [
      { name: 'source quotes', isReady: false, detail: '37 % of 2.1 M records' },
      { name: 'listening', isReady: true },
    ];
    const url = await start({ readiness: () => checks });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const waiting = await fetch(`${url}/readyz?verbose`);
    expect([waiting.status, await waiting.text()]).toEqual([
      503,
      'waiting source quotes (37 % of 2.1 M records)\nok listening\nnot ready\n',
    ]);
    checks[0] = { name: 'source quotes', isReady: true, detail: 'done' };
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([200, 'ready\n']);
  });

  test('F15 there is nothing else, and nothing but GET', async () => {
    const url = await start({});
    for (const path of ['/', '/v1/stream', '/v1/values/a', '//['])
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  });
});

describe('metrics', () => {
  test('have a name, a meaning and labels of closed sets, each once', () => {
    const names = METRICS.map((metric) => metric.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type, labels, help } of METRICS) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).toMatch(/^(\d|[A-Z]).+\.$/);
      const closed = ['source', 'state', 'result', 'reason', 'form', 'code', 'limit', 'version'];
      expect(labels.filter((label) => !closed.includes(label))).toEqual([]);
    }
  });

  test('of a source: what became of its records adds up to what was pulled', async () => {
    const samples = await scrape(await start({ suppliers: { sources: () => [source] } }));
    const results = ['mapped', 'unchanged', 'filtered', 'rejected'].map((result) =>
      samples.get(`tailrace_ingest_records_total{source="quotes",result="${result}"}`),
    );
    expect(results).toEqual([4, 3, 1, 2]);
    expect(samples.get('tailrace_source_records_total{source="quotes"}')).toBe(10);
    expect(samples.get('tailrace_dead_letters_total{source="quotes",reason="missing-field"}')).toBe(2);
    expect(samples.get('tailrace_source_state{source="quotes",state="live"}')).toBe(1);
    expect(samples.get('tailrace_source_state{source="quotes",state="stale"}')).toBe(0);
    expect(samples.get('tailrace_build_info{version="1.2.3"}')).toBe(1);
  });

  test('of sessions and fan-out are read when scraped, and a second scrape counts nothing twice', async () => {
    const server = await TestServer.start();
    const url = await start({
      suppliers: { fanOut: () => server.fanOut.counts(), server: () => server.server.traffic },
    });
    server.put('prices/A', { bid: 1, ask: 2 });
    const client = await server.session();
    client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
    await client.untilControl('end');
    server.put('prices/A', { bid: 2, ask: 2 });
    await client.untilData(2);
    await scrape(url);
    const samples = await scrape(url);
    expect(samples.get('tailrace_sessions{state="open"}')).toBe(1);
    expect(samples.get('tailrace_session_opens_total')).toBe(1);
    expect(samples.get('tailrace_auth_total{result="token"}')).toBe(1);
    expect(samples.get('tailrace_cache_paths')).toBe(1);
    expect(samples.get('tailrace_deltas_total{form="merge"}')).toBe(1);
    expect(samples.get('tailrace_commands_total')).toBe(2);
    expect(samples.get('tailrace_socket_writes_total')).toBe(client.frames);
    client.ws.send('garbage');
    await until('the close', () => server.closes().length === 1);
    const after = await scrape(url);
    expect(after.get('tailrace_sessions{state="open"}')).toBe(0);
    expect(after.get('tailrace_session_closes_total{code="4501"}')).toBe(1);
  });

  test('F16 do not grow with paths, users or keys', async () => {
    const server = await TestServer.start();
    const url = await start({
      suppliers: { fanOut: () => server.fanOut.counts(), server: () => server.server.traffic },
    });
    const before = (await scrape(url)).size;
    for (let i = 0; i < 1_000; i++) server.put(`prices/P${i}`, i);
    for (let i = 0; i < 20; i++) await server.session({ sub: `user-${i}` });
    expect((await scrape(url)).size - before).toBeLessThan(20);
  });
});
