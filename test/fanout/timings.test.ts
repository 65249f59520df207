// What is measured of changes on their way out: once per change and stream, when the sockets have it, and nothing per delivery.

import { expect, test } from '@jest/globals';
import type { RuleConfig } from '../../src/entitle/rule.js';
import { Edge, policyOf, principal, type Peer } from './edge.js';

const EVERYONE: RuleConfig = { allow: 'everyone', paths: ['**'] };

/** An edge with this many sessions that have the current values. */
async function edgeWith(sessions: number, rules?: readonly RuleConfig[]): Promise<Edge & { peers: Peer[] }> {
  const edge = new Edge(rules);
  edge.set('a', { n: 0, text: 'as long as this' });
  const peers = Array.from({ length: sessions }, () => edge.open());
  for (const peer of peers) edge.subscribe(peer, '**');
  for (const peer of peers) await edge.readAll(peer);
  return Object.assign(edge, { peers });
}

function source(edge: Edge) {
  const [only, ...others] = edge.fanOut.counts().sources;
  expect(others).toEqual([]);
  return only!;
}

test.each([1, 100])('F16 five changes are five observations, with %i sessions', async (sessions) => {
  const edge = await edgeWith(sessions);
  for (let n = 1; n <= 5; n++) edge.set('a', { n });
  await edge.settle();
  expect(source(edge)).toMatchObject({ freshness: { count: 5 }, delivery: { count: 5 } });
  expect(edge.fanOut.counts().delivery.live).toBe(5 * sessions);
});

test('nobody is listening: nothing is observed; two views of a path: two observations', async () => {
  const alone = await edgeWith(0);
  alone.set('a', 1);
  await alone.settle();
  expect(source(alone).freshness.count).toBe(0);

  const edge = await edgeWith(1);
  const other = edge.open();
  const sub = edge.subscribe(other, '**', { fields: ['/n'] });
  await edge.readAll(other);
  edge.set('a', { n: 7 });
  await edge.settle();
  expect(source(edge).freshness.count).toBe(2);
  expect(edge.fanOut.counts().views).toBe(2);
  edge.fanOut.unsubscribe(other.session, sub);
  expect(edge.fanOut.counts().views).toBe(1);
  edge.delete('a');
  expect(edge.fanOut.counts().views).toBe(0);
});

test('a change is as old as it is when the sockets have it', async () => {
  const edge = await edgeWith(1);
  const now = edge.clock.now();
  edge.append('a', { n: 1 }, { at: now - 80, readAt: now - 4 });
  await edge.settle();
  expect(source(edge)).toMatchObject({ freshness: { sumMs: 80 }, delivery: { sumMs: 4 }, clockSkews: 0 });
});

test('an event time that is still to come counts as now, and as a skew of clocks', async () => {
  const edge = await edgeWith(1);
  const now = edge.clock.now();
  edge.append('a', { n: 1 }, { at: now + 5_000, readAt: now });
  await edge.settle();
  expect(source(edge)).toMatchObject({ freshness: { count: 1, sumMs: 0 }, clockSkews: 1 });
});

test('what is read while the source is not live, a first load say, is delivered but not called fresh', async () => {
  const edge = await edgeWith(1);
  const now = edge.clock.now();
  edge.writer.markSource({ state: 'stale', since: now });
  edge.append('a', { n: 1 }, { at: now - 3_600_000, readAt: now });
  await edge.settle();
  expect(source(edge)).toMatchObject({ freshness: { count: 0 }, delivery: { count: 1 } });
  edge.writer.markSource({ state: 'live' });
  edge.set('a', { n: 2 });
  await edge.settle();
  expect(source(edge)).toMatchObject({ freshness: { count: 1 }, delivery: { count: 2 } });
});

test('what a lagging session is owed is no observation: it counts as merged, and as delivered when it is drained', async () => {
  const edge = new Edge([EVERYONE], { conflateFromBytes: 1_000 });
  const slow = edge.open();
  edge.subscribe(slow, '**');
  await edge.readAll(slow);
  edge.set('a', 'x'.repeat(2_000));
  await edge.settle();
  const before = source(edge).freshness.count;
  for (let n = 0; n < 3; n++) edge.set('a', n);
  await edge.settle();
  const lagging = edge.fanOut.counts();
  expect(lagging).toMatchObject({ lagging: 1, dirtyPaths: 1, delivery: { conflated: 3, drained: 0 } });
  expect(lagging.outboxBytes).toBeGreaterThan(2_000);
  expect(source(edge).freshness.count).toBe(before);
  await edge.readAll(slow);
  expect(edge.fanOut.counts()).toMatchObject({
    ...{ lagging: 0, dirtyPaths: 0, outboxBytes: 0, delivery: { conflated: 3, drained: 1 } },
  });
});

test('a delete for somebody who was never given the path is neither sent nor observed', async () => {
  const edge = new Edge();
  edge.set('a', 1);
  const peer = edge.open();
  edge.subscribe(peer, '**', { snapshot: false });
  await edge.settle();
  edge.delete('a');
  await edge.settle();
  edge.set('b', 1);
  await edge.settle();
  expect(edge.fanOut.counts().delivery.live).toBe(1);
  expect(source(edge).delivery.count).toBe(1);
});

test('a new policy that takes something is timed until the sockets have it, one that takes nothing is not', async () => {
  const edge = await edgeWith(3);
  edge.fanOut.setPolicy(policyOf([EVERYONE, { allow: ['nobody'], paths: ['x'] }], 2));
  await edge.settle();
  expect(edge.fanOut.counts().revocation.count).toBe(0);
  edge.fanOut.setPolicy(policyOf([{ ...EVERYONE, paths: ['b'] }], 3));
  expect(edge.fanOut.counts().revocation.count).toBe(0);
  await edge.settle();
  expect(edge.fanOut.counts().revocation.count).toBe(1);
  const [peer] = edge.peers;
  edge.fanOut.refresh(peer!.session, principal(['admin']), undefined);
  await edge.settle();
  expect(edge.fanOut.counts().revocation.count).toBe(1);
});

test('a subscription is timed from its request to the end of its snapshot, and not again when it starts anew', async () => {
  const edge = await edgeWith(1);
  expect(edge.fanOut.counts().subscribe.count).toBe(1);
  edge.fanOut.setPolicy(policyOf([{ ...EVERYONE, paths: ['a'] }], 2));
  for (const peer of edge.peers) await edge.readAll(peer);
  expect(edge.fanOut.counts().subscribe.count).toBe(1);
});

test('bytes saved are those of the whole value less those of the delta, per view', async () => {
  const edge = await edgeWith(1);
  const peer = edge.open();
  edge.subscribe(peer, '**', { fields: ['/n', '/m'] });
  edge.set('a', { n: 1, m: 2, text: 'as long as this' });
  await edge.readAll(peer);
  const before = edge.fanOut.counts().publish.saved;
  const { merge, none } = before;
  edge.set('a', { n: 2, m: 2, text: 'as long as this' });
  const whole = '{"n":2,"m":2,"text":"as long as this"}'.length;
  const seen = '{"n":2,"m":2}'.length;
  expect(edge.fanOut.counts().publish.saved.merge - merge).toBe(whole + seen - 2 * '{"n":2}'.length);
  edge.set('a', { n: 2, m: 2, text: 'another' });
  expect(edge.fanOut.counts().publish.saved.none - none).toBe(seen);
});

test('decisions are counted where rights decide: subscribing, watching a path, asking for a value', async () => {
  const edge = new Edge([{ allow: ['trader'], paths: ['prices/*'] }]);
  edge.set('prices/A', 1);
  edge.set('orders/A', 1);
  const trader = edge.open(principal(['trader']));
  edge.subscribe(trader, '**');
  edge.subscribe(edge.open(), '**');
  edge.fanOut.get(trader.session, 'prices/A' as never);
  edge.fanOut.get(trader.session, 'orders/A' as never);
  edge.fanOut.get(trader.session, 'nothing' as never);
  expect(edge.fanOut.counts().decisions).toMatchObject({
    subscribe: { allow: 1, deny: 1 },
    get: { allow: 1, deny: 1 },
  });
  expect(edge.fanOut.counts().decisions.watch.allow).toBe(1);
});
