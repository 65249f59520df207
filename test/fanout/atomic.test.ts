import { describe, expect, test } from '@jest/globals';
import type { RuleConfig } from '../../src/entitle/rule.js';
import type { FanOutLimits } from '../../src/fanout/fan-out.js';
import type { Utf8 } from '../../src/topic/utf8.js';
import { Edge, policyOf, type Peer } from './edge.js';

// Transactions of atomic sources reach a session whole: PROTOCOL.md P39-P41.

const BEGIN = [9];
const END = [10];
const SPLIT = [10, 1];
const big = (n: number) => ({ n, filler: String(n).repeat(1_000) });

/** An edge whose log is that of an atomic source, and a session that has joined `filter`. */
async function joined(
  o: { rules?: readonly RuleConfig[]; limits?: Partial<FanOutLimits>; filter?: string } = {},
) {
  const edge = new Edge(o.rules, o.limits);
  const transact = edge.atomicSource();
  transact({ 'a/1': big(0), 'a/2': big(0), 'a/3': big(0), 'b/1': big(0) });
  const peer = edge.open();
  edge.subscribe(peer, o.filter ?? 'a/*');
  await edge.readAll(peer);
  peer.take();
  return { edge, peer, transact };
}

/** The tags of what came, and the operations of control lines. */
function shape(lines: readonly unknown[]): unknown[] {
  return lines.map((line) => (Array.isArray(line) ? (line[0] as unknown) : (line as { op: string }).op));
}

/** Lets the session fall behind, all of what it is owed being acknowledged but the last. */
async function fallBehind(edge: Edge, peer: Peer): Promise<void> {
  for (let n = 0; n < 5; n++) {
    edge.fanOut.send(peer.session, `{"op":"x","pad":"${'-'.repeat(1_000)}"}` as Utf8);
    await edge.settle();
  }
  expect(peer.session.isLagging).toBe(true);
  peer.take();
}

/** One step of reading: acknowledges what was sent, and gives the message that came of it. */
async function readOn(edge: Edge, peer: Peer): Promise<unknown[]> {
  edge.fanOut.ack(peer.session, peer.session.flow.sentFrames);
  await edge.settle();
  return peer.take();
}

describe('a session that keeps up', () => {
  test('G9 gets what it sees of a transaction in one message, between a begin and an end', async () => {
    const { edge, peer, transact } = await joined();
    transact({ 'a/1': 1, 'b/1': 1, 'a/2': null, 'a/4': 1 });
    await edge.settle();
    expect(peer.messages).toHaveLength(1);
    const lines = peer.take();
    expect([lines[0], lines.at(-1)]).toEqual([BEGIN, END]);
    expect(shape(lines)).toEqual([9, 1, 4, 0, 10]);
  });

  test('G9 G15 gets no bracket around one line: what else the transaction did, it may not know', async () => {
    const { edge, peer, transact } = await joined();
    transact({ 'a/1': 1, 'b/1': 1 });
    transact({ 'b/1': 2, 'b/2': 2 });
    await edge.settle();
    expect(shape(peer.take())).toEqual([1]);
  });

  test('G9 gets a bracket for each of two transactions that leave in one message', async () => {
    const { edge, peer, transact } = await joined();
    transact({ 'a/1': 1, 'a/2': 1 });
    transact({ 'a/1': 2, 'a/3': 2 });
    await edge.settle();
    expect(peer.messages).toHaveLength(1);
    expect(shape(peer.take())).toEqual([9, 1, 1, 10, 9, 1, 1, 10]);
  });

  test('G9 shares the text of a bracket with every session that sees the same', async () => {
    const { edge, transact } = await joined();
    const texts: string[] = [];
    for (let i = 0; i < 3; i++) {
      const peer = edge.open();
      edge.subscribe(peer, 'a/*');
      await edge.readAll(peer);
      peer.write = (lines) => void texts.push(lines);
    }
    transact({ 'a/1': 1, 'a/2': 1 });
    await edge.settle();
    expect(texts).toHaveLength(3);
    expect(new Set(texts).size).toBe(1);
  });

  test('G9 gets the changes of two overlapping subscriptions in one bracket, each once', async () => {
    const { edge, peer, transact } = await joined();
    edge.subscribe(peer, '**', { fields: ['/n'] });
    edge.subscribe(peer, 'a/1');
    await edge.readAll(peer);
    peer.take();
    transact({ 'a/1': big(1), 'a/2': big(1), 'b/1': big(1) });
    await edge.settle();
    const lines = peer.take();
    expect([lines[0], lines.at(-1)]).toEqual([BEGIN, END]);
    expect(lines).toHaveLength(2 + 2 + 3);
  });

  test('G9 gets the end of a subscription that a transaction has made too large behind the bracket', async () => {
    const { edge, peer, transact } = await joined({ limits: { visiblePathsPerSubscription: 4 } });
    transact({ 'a/1': 1, 'a/4': 1, 'a/5': 1, 'a/6': 1 });
    await edge.settle();
    expect(shape(peer.take())).toEqual([9, 1, 0, 0, 10, 'limit']);
  });

  test('G9 sees a transaction that comes in parts announced as split, and its end, even if that shows nothing', async () => {
    const { edge, peer, transact } = await joined();
    transact({ 'a/1': 1, 'a/2': 1 }, 'part');
    transact({ 'a/3': 1, 'b/1': 1 }, 'part');
    await edge.settle();
    const lines = peer.take();
    expect(shape(lines)).toEqual([9, 1, 1, 10, 9, 1, 10]);
    expect([lines[3], lines[6]]).toEqual([SPLIT, SPLIT]);
    transact({ 'b/1': 2 });
    await edge.settle();
    expect(peer.take()).toEqual([BEGIN, END]);
    transact({ 'b/1': 3 }, 'part');
    transact({});
    await edge.settle();
    expect(peer.take()).toEqual([]);
  });

  test('G9 gets updates that are no transaction as they are', async () => {
    const { edge, peer } = await joined();
    edge.set('a/1', 1);
    edge.set('a/2', 1);
    await edge.settle();
    expect(shape(peer.take())).toEqual([1, 1]);
  });
});

describe('a session that joins', () => {
  test('G9 gets what changes behind its walk in brackets, and holds whole transactions at its end', async () => {
    const { edge, transact } = await joined();
    const rows = Array.from({ length: 60 }, (_, i) => [`c/${String(i)}`, big(0)] as const);
    transact(Object.fromEntries(rows));
    const peer = edge.open();
    edge.subscribe(peer, 'c/*');
    await edge.clock.turn(1);
    expect(shape(peer.take())).not.toContain('end');
    transact({ 'c/0': 1, 'c/1': 1, 'c/59': 1 });
    await edge.settle();
    const lines = shape(peer.take());
    expect(lines.filter((tag) => tag !== 0)).toEqual([9, 1, 1, 10, 'end']);
  });

  test('G9 is told that its snapshot was taken in the midst of a transaction, and when that is complete', async () => {
    const { edge, transact } = await joined();
    transact({ 'a/1': 1, 'a/2': null }, 'part');
    const peer = edge.open();
    edge.subscribe(peer, 'a/*');
    await edge.settle();
    expect(peer.take().slice(-3, -1)).toEqual([BEGIN, SPLIT]);
    transact({ 'b/1': 1 });
    await edge.settle();
    expect(peer.take()).toEqual([BEGIN, END]);
  });
});

describe('a session that lags', () => {
  const limits = { conflateFromBytes: 4_000 };

  test('G9 gets what it is owed as it was at one moment, in one bracket over several messages', async () => {
    const { edge, peer, transact } = await joined({ limits });
    await fallBehind(edge, peer);
    transact({ 'a/1': big(1), 'a/2': big(1), 'a/3': big(1) });
    const first = await readOn(edge, peer);
    expect(shape(first)).toEqual([9, 0]);
    transact({ 'a/1': big(2), 'a/2': big(2), 'a/3': null });
    const rest = [...(await readOn(edge, peer)), ...(await readOn(edge, peer))] as unknown[][];
    const given = [...first, ...rest.slice(0, 3)] as unknown[][];
    expect(shape(given)).toEqual([9, 0, 0, 0, 10]);
    expect(given.slice(1, 4).map((line) => line[6])).toEqual([big(1), big(1), big(1)]);
    await edge.readAll(peer);
    const last = [...rest.slice(3), ...peer.take()] as unknown[][];
    expect(shape(last)).toEqual([9, 0, 0, 4, 10, 'caught-up']);
  });

  test('G9 comes to the end of a bracket however fast the values change', async () => {
    const { edge, peer, transact } = await joined({ limits });
    await fallBehind(edge, peer);
    let ends = 0;
    for (let i = 1; i <= 40; i++) {
      transact({ 'a/1': big(i), 'a/2': big(i), 'a/3': big(i) });
      ends += (await readOn(edge, peer)).filter((line) => Array.isArray(line) && line[0] === 10).length;
    }
    expect(ends).toBeGreaterThan(5);
  });

  test('G9 gets a bracket anew when what it listens to changes in the midst of one', async () => {
    const { edge, peer, transact } = await joined({ limits });
    const sub = edge.subscribe(peer, 'b/*');
    await edge.readAll(peer);
    await fallBehind(edge, peer);
    transact({ 'a/1': big(1), 'b/1': big(1), 'a/2': big(1) });
    expect(shape(await readOn(edge, peer))).toEqual([9, 0]);
    edge.fanOut.unsubscribe(peer.session, sub);
    await edge.settle();
    expect(peer.take()).toEqual([BEGIN, END]);
    await edge.readAll(peer);
    const lines = peer.take() as unknown[][];
    expect(shape(lines)).toEqual([9, 0, 0, 10, 'caught-up']);
    expect(lines.slice(1, 3).map((line) => line[5])).toEqual(['a/1', 'a/2']);
  });

  test('G9 is left with no open bracket when its rights run out', async () => {
    const { edge, peer, transact } = await joined({ limits });
    await fallBehind(edge, peer);
    transact({ 'a/1': big(1), 'a/2': big(1) });
    expect(shape(await readOn(edge, peer))).toEqual([9, 0]);
    peer.session.expiresAt = edge.clock.now();
    expect((await readOn(edge, peer)).slice(0, 2)).toEqual([BEGIN, END]);
  });

  test('G9 is given no more of a bracket when its rights change: all starts anew', async () => {
    const { edge, peer, transact } = await joined({ limits });
    await fallBehind(edge, peer);
    transact({ 'a/1': big(1), 'a/2': big(1) });
    expect(shape(await readOn(edge, peer))).toEqual([9, 0]);
    edge.fanOut.setPolicy(policyOf([{ allow: 'everyone', paths: ['a/2'] }], 2));
    await edge.settle();
    const lines = shape(peer.take());
    expect(lines.slice(0, 2)).toEqual(['reset', 'rights']);
    expect(lines).not.toContain(9);
  });

  test('G9 gets what it is owed of other sources as it comes, between brackets', async () => {
    const edge = new Edge(undefined, limits);
    const transact = edge.atomicSource();
    const peer = edge.open();
    edge.subscribe(peer, '**');
    for (const path of ['x/1', 'x/2']) edge.set(path, big(0));
    transact({ 'a/1': big(0), 'a/2': big(0) });
    await edge.readAll(peer);
    await fallBehind(edge, peer);
    edge.set('x/1', big(3));
    transact({ 'a/1': big(3), 'a/2': big(3) });
    edge.set('x/2', big(3));
    await edge.readAll(peer);
    const lines = peer.take() as unknown[][];
    expect(shape(lines)).toEqual([0, 9, 0, 0, 10, 0, 'caught-up']);
    expect(lines.map((line) => line[5]).filter(Boolean)).toEqual(['x/1', 'a/1', 'a/2', 'x/2']);
  });
});
