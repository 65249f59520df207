// F16: how many series a scrape has, and what they may say. Real ingest, fan-out and sockets; what is claimed for a million paths
// and users is shown with ten thousand and one thousand, because none of them is in a label at all.

import { PUSH_OUTCOMES } from '../../src/server/admin-push.js';
import { ADMIN_REFUSALS } from '../../src/server/admin-guard.js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  HistoryLost,
  SourceUnavailable,
  type SourceEvent,
  type SourceRecord,
} from '../../connectors/contract.js';
import { systemClock } from '../../src/clock.js';
import { FanOut } from '../../src/fanout/fan-out.js';
import { Ingest } from '../../src/ingest/ingest.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import { createAuthenticator } from '../../src/server/auth/authenticator.js';
import { PublicServer } from '../../src/server/public-server.js';
import { createLog } from '../../src/telemetry/logger.js';
import { METRICS } from '../../src/telemetry/metrics.js';
import type { Filter } from '../../src/topic/filter.js';
import { LIMITS as EDGE_LIMITS, policyOf } from '../fanout/edge.js';
import { MemorySource } from '../ingest/memory-source.js';
import { batch, mappingOf, record } from '../ingest/records.js';
import { TestClient } from '../server/test-client.js';
import { LIMITS } from '../server/test-server.js';
import { until } from '../server/until.js';
import { scraper, type Scraped } from './scraped.js';
import { loopbackOutbound } from '../support/outbound.js';

const PATHS = 10_000;
const SESSIONS = 1_000;
/** In every path, key, user, role and header of this test. */
const ODD = 'Zzyzx';
const SOURCES = ['quotes', 'orders'];

/** Records that ingest refuses, in most of the ways that it has. */
const REFUSED: readonly SourceRecord[] = [
  ...['{', '{"x":1,"x":2}', '{"__proto__":1}', '['.repeat(99), '{"x":1e999}', 'x'.repeat(70_000)],
  ...['{"x":1}', '{"x":1,"id":null}', '{"x":1,"id":{}}', '{"x":1,"id":1.5}', '{"x":1,"id":""}'],
  ...['{"x":1,"id":"\\ud800"}', '{"x":"no number"}', JSON.stringify({ x: 1, id: ODD.repeat(300) })],
  JSON.stringify(Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`${ODD}${i}`, 0]))),
  Buffer.from([0xff]),
].map((value, i) => record(`${ODD}${i}`, value));

const clock = systemClock;
const closed = new AbortController();
const log = createLog({ level: 'error', style: 'json', write: () => undefined });
const fanOut = new FanOut({
  ...{ clock, flushWindowMs: 0, limits: { ...EDGE_LIMITS, visiblePathsPerSubscription: 100_000 } },
  policy: policyOf([{ allow: 'everyone', paths: ['**'] }]),
});
const memoryLog = new MemoryLog(clock, fanOut);
const server = new PublicServer({
  ...{ clock, log, fanOut, limits: LIMITS, listen: { host: '127.0.0.1', port: 0, origins: [] } },
  authenticator: createAuthenticator({ kind: 'none' }, { clock, log, outbound: loopbackOutbound }),
});
let ingests: Ingest[] = [];
let running: Promise<unknown>;
let scraped: Scraped;

/** Twice through every kind of trouble, then everything. */
const RETAINED: SourceEvent = { type: 'retained', bytes: 7 };

/** The second tells bytes that its upstream keeps, the first records that it has not given. */
function ingestOf(name: string): Ingest {
  const tellsBytes = name === SOURCES[1];
  const all = Array.from({ length: PATHS / SOURCES.length }, (_, i) =>
    record(`${ODD}-${i}`, { id: `${name}-${ODD}-${i}`, x: 1 }, Date.now()),
  );
  const source = new MemorySource([
    { events: [batch(REFUSED)], then: new SourceUnavailable(ODD) },
    { events: [{ type: 'interrupted', reason: ODD }], then: new HistoryLost(ODD) },
    {
      events: [{ ...batch(all), behind: 5 }, ...(tellsBytes ? [RETAINED] : []), { type: 'live' }],
      then: 'waits',
    },
  ]);
  return new Ingest({
    ...{ name, source, clock: { ...clock, after: (_, task) => clock.after(0, task) }, log },
    mapping: mappingOf([{ path: `p/{value.id}`, when: 'value.x > 0' }]),
    limits: { maxBytes: 64 * 1024, maxDepth: 32, maxKeys: 64, numbers: 'reject' },
    ...{ keyFormat: 'string', valueFormat: 'json', writer: memoryLog.claim(name) },
    deadLetters: { write: () => undefined },
  });
}

function openSessions(): void {
  const listener = { write: () => undefined, ping: () => undefined, close: () => undefined };
  for (let i = 0; i < SESSIONS; i++) {
    const principal = { subject: `${ODD}-${i}`, roles: [`${ODD}-${i}`], claims: { id: ODD } };
    const session = fanOut.open({
      ...{
        principal,
        acks: true,
        expiresAt: undefined,
        listener: { ...listener, terminate: () => undefined },
      },
    });
    const filters = [`p/quotes-${ODD}-${i}` as Filter];
    fanOut.subscribe(session, { filters, fields: [`/${ODD}`, '/x'], snapshot: true, times: i % 2 === 0 });
  }
}

async function someClients(): Promise<void> {
  const { port } = await server.listen();
  for (let i = 0; i < 20; i++) {
    const client = await TestClient.connect(port, { headers: { 'X-Odd': ODD } });
    if (i < 5)
      client.say({ op: 'auth', id: 1, subscribe: [{ op: 'subscribe', id: 2, filters: [`${ODD}/**`] }] });
    else client.ws.close(4_600 + i, ODD);
  }
  await until('the closes', () => server.traffic.closes.get('other') === 15);
}

beforeAll(async () => {
  ingests = SOURCES.map((name) => ingestOf(name));
  running = Promise.all(ingests.map((ingest) => ingest.run(closed.signal)));
  await until('all loaded', () => ingests.every(({ status }) => status.state === 'live'));
  openSessions();
  await someClients();
  while (fanOut.counts().subscribe.count < SESSIONS) await nextTurn();
  scraped = await scraper({
    reload: () => ({ success: true, appliedAt: clock.now() }),
    sources: () => ingests.map((ingest) => ingest.figures()),
    fanOut: () => fanOut.counts(),
    server: () => server.traffic,
    logLinesDropped: () => 0,
    adminRefusals: () => new Map(ADMIN_REFUSALS.map((why) => [why, 1])),
    pushes: () => new Map(PUSH_OUTCOMES.map((outcome) => [outcome, 1])),
  })();
});

afterAll(async () => {
  closed.abort();
  await running;
  await server.stop({ waitMs: 0, spreadMs: 0, graceMs: 100 });
  fanOut.stop();
});

test('F16 the number of series stays within 60 per source plus 400 after 10,000 paths and 1,000 sessions', () => {
  const paths = SOURCES.map((source) => scraped.own.get(`tailrace_cache_paths{source="${source}"}`) ?? 0);
  expect(paths.reduce((sum, n) => sum + n)).toBe(PATHS);
  expect(scraped.own.get('tailrace_views')).toBe(2);
  const ofSources = [...scraped.own.keys()].filter((series) => series.includes('source="'));
  expect(ofSources.length).toBeLessThanOrEqual(60 * SOURCES.length);
  expect(scraped.series - ofSources.length).toBeLessThanOrEqual(400);
});

test('F16 a source that fails in every way has seven reasons and `other`, and they add up', () => {
  for (const { name, counts } of ingests) {
    expect(Object.keys(counts.rejected).length).toBeGreaterThan(12); // of twenty
    const series = [...scraped.own].filter(([key]) =>
      key.startsWith(`tailrace_dead_letters_total{source="${name}"`),
    );
    const sum = series.reduce((total, [, n]) => total + n, 0);
    expect([series.length, sum]).toEqual([8, REFUSED.length]);
  }
});

test('F16 no path, key, user, role or word of a client is in a scrape', () => {
  expect(scraped.text).not.toContain(ODD);
  expect(scraped.text).not.toContain('code="46');
  const labels = new Set([...scraped.text.matchAll(/[{,](\w+)="/g)].map(([, label]) => label));
  const declared = new Set([...METRICS.flatMap((metric) => metric.labels), 'le']);
  const ofNode = ['space', 'kind', 'type', 'version', 'major', 'minor', 'patch'];
  expect([...labels].filter((label) => !declared.has(label!) && !ofNode.includes(label!))).toEqual([]);
});

test('every metric of the list has a series once everything has happened, and its name and meaning', () => {
  for (const { name, type, help } of METRICS) {
    expect(scraped.text).toContain(
      `# HELP tailrace_${name} ${help}\n# TYPE tailrace_${name} ${type}\ntailrace_`,
    );
  }
});
