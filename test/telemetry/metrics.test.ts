// What a scrape says, and that it is what the parts of the process say.

import { expect, test } from '@jest/globals';
import type { SourceFigures } from '../../src/telemetry/figures.js';
import { METRICS } from '../../src/telemetry/metrics.js';
import { TestServer } from '../server/test-server.js';
import { until } from '../server/until.js';
import { scraper } from './scraped.js';

const source: SourceFigures = {
  source: 'quotes',
  state: 'live',
  lag: { records: 7, age: 1_500, lastAt: 1_700_000_000_000 },
  counts: {
    records: 10,
    bytes: 1_000,
    mapped: 4,
    unchanged: 3,
    filtered: 1,
    rejected: { 'field-missing': 2 },
    updates: 5,
    contended: 1,
    swept: 0,
    expired: 0,
    errors: { unavailable: 2, history_lost: 0, options_rejected: 0, bug: 0 },
  },
};

test('metrics have a name, a unit, a meaning and labels of closed sets, each once', () => {
  const names = METRICS.map((metric) => metric.name);
  expect(new Set(names).size).toBe(names.length);
  const closed = [
    ...['source', 'state', 'kind', 'result', 'reason', 'action', 'effect', 'form', 'pace', 'transport'],
    ...['code', 'limit', 'encoding', 'version', 'role', 'outcome'],
  ];
  for (const { name, type, labels, help } of METRICS) {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name.endsWith('_seconds')).toBe(type === 'histogram' || /timestamp|lag_seconds/.test(name));
    expect(name).not.toMatch(/_(ms|milliseconds|kb|count|sum|bucket)\b/);
    expect(help).toMatch(/^(\d|[A-Z]).+\.$/);
    expect(labels.filter((label) => !closed.includes(label))).toEqual([]);
  }
});

test('of a source that tells what is kept for it: bytes, and no records', async () => {
  const { own } = await scraper({ sources: () => [{ ...source, retainedBytes: 5_000 }] })();
  expect(own.get('tailrace_source_retained_bytes{source="quotes"}')).toBe(5_000);
  expect(own.get('tailrace_source_lag_records{source="quotes"}')).toBeUndefined();
});

test('of a source: what became of its records adds up to what was pulled, and how far behind it is', async () => {
  const { own } = await scraper({ sources: () => [source] })();
  const of = (name: string, ...labels: string[]) =>
    own.get(`tailrace_${name}{${['source="quotes"', ...labels].join(',')}}`);
  const results = ['mapped', 'unchanged', 'filtered', 'rejected'];
  expect(results.map((result) => of('ingest_records_total', `result="${result}"`))).toEqual([4, 3, 1, 2]);
  expect(of('source_records_total')).toBe(10);
  expect(of('dead_letters_total', 'reason="field-missing"')).toBe(2);
  expect(of('source_state', 'state="live"')).toBe(1);
  expect(of('source_state', 'state="stale"')).toBe(0);
  expect(of('source_errors_total', 'kind="unavailable"')).toBe(2);
  expect(of('source_errors_total', 'kind="bug"')).toBe(0);
  expect(of('source_lag_records')).toBe(7);
  expect(of('source_retained_bytes')).toBeUndefined();
  expect(of('source_lag_seconds')).toBe(1.5);
  expect(of('source_last_record_timestamp_seconds')).toBe(1_700_000_000);
  expect(own.get('tailrace_build_info{version="1.2.3",role="single"}')).toBe(1);
});

test('the series of a source go when it is configured no more', async () => {
  let sources = [source];
  const server = await TestServer.start();
  const scrape = scraper({ sources: () => sources, fanOut: () => server.fanOut.counts() });
  const isThere = async () => /source="/.test((await scrape()).text);
  expect(await isThere()).toBe(true);
  sources = [];
  for (const { x } of server.fanOut.partitions) server.fanOut.partitionRemoved(x);
  expect(await isThere()).toBe(false);
});

test('of a reload: whether the last one worked, and since when what runs does', async () => {
  let reload = { success: true, appliedAt: 1_000_000 };
  const scrape = scraper({ reload: () => reload });
  const told = async () => {
    const { own } = await scrape();
    const names = ['tailrace_config_reload_success', 'tailrace_config_reload_timestamp_seconds'];
    return names.map((name) => own.get(name));
  };
  expect(await told()).toEqual([1, 1_000]);
  reload = { ...reload, success: false };
  expect(await told()).toEqual([0, 1_000]);
});

test('of sessions and fan-out are read when scraped, and a second scrape counts nothing twice', async () => {
  const server = await TestServer.start();
  const scrape = scraper({ fanOut: () => server.fanOut.counts(), server: () => server.server.traffic });
  server.put('prices/A', { bid: 1, ask: 2 });
  const client = await server.session();
  client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  await client.untilControl('end');
  server.put('prices/A', { bid: 2, ask: 2 });
  await client.untilData(2);
  await scrape();
  const { own } = await scrape();
  const expected = {
    'sessions{transport="websocket",state="open"}': 1,
    'sessions{transport="websocket",state="draining"}': 0,
    'session_opens_total{transport="websocket"}': 1,
    'auth_total{result="token"}': 1,
    'auth_total{result="expired"}': 0,
    'limit_hits_total{limit="filters"}': 0,
    'cache_paths{source="quotes"}': 1,
    'cache_bytes{source="quotes"}': '{"bid":2,"ask":2}'.length,
    views: 1,
    subscriptions: 1,
    'decisions_total{action="subscribe",effect="allow"}': 1,
    'decisions_total{action="watch",effect="allow"}': 1,
    'deltas_total{form="merge"}': 1,
    'delta_bytes_saved_total{form="merge"}': '{"bid":2,"ask":2}'.length - '{"bid":2}'.length,
    'deliveries_total{pace="live"}': 1,
    'delivery_seconds_count{source="quotes"}': 1,
    'delivery_seconds_bucket{source="quotes",le="0.001"}': 1,
    'delivery_seconds_bucket{source="quotes",le="+Inf"}': 1,
    subscribe_seconds_count: 1,
    commands_total: 2,
    'socket_writes_total{encoding="json"}': client.frames,
  };
  const told = Object.keys(expected).map((series) => [series, own.get(`tailrace_${series}`)]);
  expect(Object.fromEntries(told)).toEqual(expected);
  client.ws.send('garbage');
  await until('the close', () => server.closes().length === 1);
  const after = (await scrape()).own;
  expect(after.get('tailrace_sessions{transport="websocket",state="open"}')).toBe(0);
  expect(after.get('tailrace_session_closes_total{code="4501"}')).toBe(1);
});

test('every connection is in one state', async () => {
  const server = await TestServer.start();
  const fanOut = () => ({ ...server.fanOut.counts(), lagging: 1 });
  const scrape = scraper({ fanOut, server: () => server.server.traffic });
  const states = async () => {
    const { own } = await scrape();
    const inState = (state: string) => own.get(`tailrace_sessions{transport="websocket",state="${state}"}`);
    return ['unauthenticated', 'open', 'lagging', 'draining'].map(inState);
  };
  await server.connect();
  for (let i = 0; i < 3; i++) await server.session();
  expect(await states()).toEqual([1, 2, 1, 0]);
  server.server.traffic.isStopping = true;
  expect(await states()).toEqual([1, 0, 0, 3]);
});
