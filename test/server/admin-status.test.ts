// `GET /v1/status`: that what it says of sources, sessions and the process is so.

import { describe, expect, test } from '@jest/globals';
import type { Status } from '../../src/server/admin-status.js';
import { outboxesOf, type SessionFigures } from '../../src/server/session-figures.js';
import { ADMIN_TOKEN, TestAdmin } from './test-admin.js';
import { until } from './until.js';

async function statusOf(admin: TestAdmin): Promise<Status> {
  return (await admin.ask('GET', '/v1/status')).json as Status;
}

describe('the status', () => {
  test('of a source: its state, what became of its records, and how far it is behind', async () => {
    const admin = await TestAdmin.start();
    admin.source.progress(30, 100);
    admin.source.feed('EURUSD', { bid: 1 }, 5_000);
    admin.source.feed('EURUSD', { bid: 1 }, 6_000);
    admin.source.feed('GBPUSD', 'no json', 7_000);
    await until('three records', () => admin.ingest.counts.records === 3);
    expect((await statusOf(admin)).sources).toMatchObject([
      {
        ...{ name: 'quotes', state: 'starting', progress: { done: 30, total: 100 } },
        ...{ records: 3, updates: 1, unchanged: 1, rejected: 1, filtered: 0, paths: 1, lastRecordAt: 7_000 },
      },
    ]);
    admin.source.break();
    await until('the source to be stale', () => admin.ingest.status.state === 'stale');
    const { sources, isReady, checks } = await statusOf(admin);
    expect(sources).toMatchObject([
      { state: 'stale', reason: 'the broker does not answer', since: admin.server.clock.now() },
    ]);
    expect([isReady, checks.map(({ name }) => name)]).toEqual([false, ['source quotes', 'sessions']]);
  });

  test('of sessions: how many there are, how far behind, and who is furthest', async () => {
    const admin = await TestAdmin.start();
    const idle = await admin.server.session({ sub: 'ann' });
    const busy = await admin.server.session({ sub: 'bob', acks: true });
    busy.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
    await busy.untilControl('end');
    for (let i = 0; i < 50; i++)
      admin.source.feed(`P${i}`, { text: 'x'.repeat(1_000) }, admin.server.clock.now());
    await busy.untilData(50);
    idle.say({ op: 'ack', frames: idle.frames });
    const owed = () => [...admin.server.server.sessions()].map((each) => each.unacknowledgedBytes);
    await until('what ann has read', () => owed().includes(0));
    await admin.server.connect();
    const { sessions, cache, fanOut } = await statusOf(admin);
    expect(sessions).toMatchObject({ open: 2, unauthenticated: 1, lagging: 0, subscriptions: 1, opens: 2 });
    expect(sessions.outboxes.buckets.map((bucket) => bucket.sessions)).toEqual([1, 0, 1, 0, 0]);
    expect(sessions.outboxes.largest).toMatchObject([
      { subject: 'bob', remote: expect.stringContaining('127.0.0.1'), isLagging: false, subscriptions: 1 },
    ]);
    expect(sessions.outboxes.unacknowledgedBytes).toBeGreaterThan(50_000);
    expect(cache).toMatchObject({ paths: 50, stalePaths: 0 });
    expect(fanOut.changes.keyframe + fanOut.changes.full).toBeGreaterThan(0);
    expect(fanOut.socketBytes).toBeGreaterThan(50_000);
    idle.terminate();
    await until('the close', () => admin.server.closes().length === 1);
    expect((await statusOf(admin)).sessions).toMatchObject({ open: 1, closes: { 1006: 1 } });
  });

  test('of the process, and when', async () => {
    const admin = await TestAdmin.start();
    admin.server.clock.pass(5_000);
    await admin.ask('GET', '/v1/status', { headers: {} });
    const { version, now, startedAt, process: figures, refusals } = await statusOf(admin);
    expect([version, now - startedAt]).toEqual(['1.2.3', 5_000]);
    expect(refusals).toEqual({ no_token: 1, wrong_token: 0, too_many: 0, not_configured: 0 });
    expect(figures).toMatchObject({ pid: process.pid, node: process.version, logLinesDropped: 0 });
    for (const figure of [figures.rssBytes, figures.heapUsedBytes, figures.heapLimitBytes, figures.cpuMs])
      expect(figure).toBeGreaterThan(0);
    expect(figures.loopLagMaxMs).toBeGreaterThanOrEqual(figures.loopLagP99Ms);
  });

  test('F14 has no secret in it, and no value', async () => {
    const admin = await TestAdmin.start();
    const client = await admin.server.session();
    client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
    admin.source.feed('EURUSD', { bid: 'cAnArY' });
    await client.untilData(1);
    const { text } = await admin.ask('GET', '/v1/status');
    expect(text).not.toContain('cAnArY');
    expect(text).not.toContain('EURUSD');
    expect(text).not.toContain(ADMIN_TOKEN);
  });
});

describe('outboxes', () => {
  const session = (unacknowledgedBytes: number): SessionFigures => ({
    ...{ session: `s${unacknowledgedBytes}`, subject: 'a', remote: undefined, isLagging: false },
    ...{ unacknowledgedBytes, waitingPaths: 0, subscriptions: 1, sentBytes: 0, openMs: 0 },
  });

  test('fall into buckets by their bounds, and add up', () => {
    const bytes = [0, 0, 1, 4_096, 4_097, 65_536, 65_537, 262_144, 262_145, 1e9];
    const { buckets, unacknowledgedBytes } = outboxesOf(bytes.map(session));
    expect(buckets.map(({ sessions }) => sessions)).toEqual([2, 2, 2, 2, 2]);
    expect(unacknowledgedBytes).toBe(bytes.reduce((sum, each) => sum + each, 0));
  });

  test('the largest are those that are owed most, in their order, however the sessions come', () => {
    const bytes = Array.from({ length: 1_000 }, (_, i) => (i * 7_919) % 1_000);
    const { largest } = outboxesOf(bytes.map(session));
    expect(largest.map((each) => each.unacknowledgedBytes)).toEqual([
      999, 998, 997, 996, 995, 994, 993, 992, 991, 990,
    ]);
    expect(outboxesOf([session(0), session(5)]).largest).toHaveLength(1);
  });
});
