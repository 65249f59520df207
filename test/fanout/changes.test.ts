import { describe, expect, test } from '@jest/globals';
import { CloseCode } from '../../src/protocol/close-codes.js';
import { Edge, policyOf, principal } from './edge.js';

describe('changes', () => {
  test('G7 a delete is told, and what comes back starts from a whole value with a higher version', async () => {
    const edge = new Edge();
    edge.set('a', { x: 1, long: 'unchanged text of some length' });
    const peer = edge.open();
    edge.subscribe(peer, 'a');
    await edge.settle();
    peer.take();
    edge.delete('a');
    edge.set('a', { x: 2, long: 'unchanged text of some length' });
    await edge.settle();
    const [gone, back] = peer.take() as unknown[][];
    expect(gone).toEqual([4, 1, 2]);
    expect([back![0], back![2]]).toEqual([0, 3]);
  });

  test('all that becomes due in one turn leaves as one message', async () => {
    const edge = new Edge();
    for (let i = 0; i < 5; i++) edge.set(`a/${i}`, 0);
    const peer = edge.open();
    edge.subscribe(peer, '**');
    await edge.settle();
    peer.take();
    for (let i = 0; i < 5; i++) edge.set(`a/${i}`, 1);
    await edge.settle();
    expect(peer.messages).toHaveLength(1);
    expect(peer.messages[0]).toHaveLength(5);
  });

  test('members of one audience are given the very same text', async () => {
    const edge = new Edge();
    const texts: string[] = [];
    for (let i = 0; i < 3; i++) {
      const peer = edge.open();
      peer.write = (lines) => void texts.push(lines);
      edge.subscribe(peer, 'a');
    }
    await edge.settle();
    texts.length = 0;
    edge.set('a', { x: 1 });
    await edge.settle();
    expect(new Set(texts).size).toBe(1);
    expect(texts).toHaveLength(3);
    expect(edge.fanOut.counts().audiences).toBe(1);
  });

  test('sessions whose other rights differ share an audience where they are equal', async () => {
    const edge = new Edge([
      { allow: 'everyone', paths: ['prices/**'] },
      { allow: ['customer'], paths: ['orders/{claims.account}/**'] },
    ]);
    edge.set('prices/1', 1);
    for (let account = 0; account < 20; account++) {
      const peer = edge.open(principal(['customer'], { account }));
      edge.subscribe(peer, 'prices/**');
    }
    expect(edge.fanOut.counts()).toMatchObject({ audiences: 1, streams: 1 });
  });

  test('when the last listener leaves, nothing of its streams is left', async () => {
    const edge = new Edge();
    edge.set('a', 1);
    const peer = edge.open();
    const sub = edge.subscribe(peer, '**');
    await edge.settle();
    expect(edge.fanOut.unsubscribe(peer.session, sub)).toBe(true);
    expect(edge.fanOut.counts()).toMatchObject({ audiences: 0, streams: 0 });
    edge.subscribe(peer, 'a');
    edge.fanOut.close(peer.session);
    expect(edge.fanOut.counts()).toMatchObject({ audiences: 0, streams: 0, sessions: 0 });
    await edge.settle();
  });

  test('G13 a stale source is told to all, also to who comes later, and fresh ends it', async () => {
    const edge = new Edge();
    const early = edge.open();
    edge.writer.markSource({ state: 'stale', since: 7 });
    edge.writer.markSource({ state: 'stale', since: 8 });
    const late = edge.open();
    edge.subscribe(late, 'a');
    await edge.settle();
    expect(early.take()).toEqual([[7, [0], 7]]);
    expect(late.take()[0]).toEqual([7, [0], 7]);
    edge.writer.markSource({ state: 'live' });
    await edge.settle();
    expect(early.take()).toEqual([[8, [0]]]);
  });

  test('G13 a path whose newest record was rejected is stale, until a good one comes', async () => {
    const edge = new Edge();
    edge.set('a', 1);
    const early = edge.open();
    edge.subscribe(early, 'a');
    await edge.settle();
    early.take();
    edge.markPath('a', true);
    const late = edge.open();
    edge.subscribe(late, 'a');
    await edge.settle();
    expect(early.take()).toEqual([[5, 1]]);
    expect(late.take().slice(0, 2)).toEqual([
      [0, 1, 1, 0, 0, 'a', 1, 1_700_000_000_000],
      [5, 1],
    ]);
    edge.set('a', 1);
    await edge.settle();
    expect(early.take()).toEqual([[6, 1]]);
  });

  test('times: every change carries its event time where the subscription asks for it', async () => {
    const edge = new Edge();
    edge.set('a', 1);
    const peer = edge.open();
    edge.subscribe(peer, 'a', { times: true });
    await edge.settle();
    peer.take();
    edge.set('a', 2);
    await edge.settle();
    expect(peer.take()).toEqual([[1, 1, 2, 2, edge.clock.now()]]);
  });
});

describe('rights', () => {
  test('G14 F4 E15 a policy change deletes what may no longer be seen, and nothing queued under the old one leaves', async () => {
    const edge = new Edge([{ allow: ['r'], paths: ['**'] }]);
    edge.set('a', { open: 1, secret: 1 });
    edge.set('b', 1);
    const peer = edge.open(principal(['r']));
    edge.subscribe(peer, '**');
    await edge.settle();
    peer.take();
    edge.set('a', { open: 1, secret: 2 });
    edge.set('b', 2);
    edge.fanOut.setPolicy(policyOf([{ allow: ['r'], paths: ['a'], hide: ['/secret'] }], 2));
    await edge.settle();
    const lines = peer.take() as unknown[][];
    expect(JSON.stringify(lines)).not.toContain('secret');
    expect(lines).toContainEqual([4, 2, 4]);
    expect(lines).toContainEqual({ op: 'rights' });
    expect(lines.filter((line) => line[0] === 0).map((line) => line[6])).toEqual([{ open: 1 }]);
  });

  test('a policy change that does not concern a session leaves it as it is', async () => {
    const edge = new Edge([{ allow: ['r'], paths: ['**'] }]);
    edge.set('a', 1);
    const peer = edge.open(principal(['r']));
    edge.subscribe(peer, '**');
    await edge.settle();
    peer.take();
    const rules = [
      { allow: ['r'], paths: ['**'] },
      { allow: ['other'], paths: ['b'] },
    ];
    expect(edge.fanOut.setPolicy(policyOf(rules, 2))).toBe(0);
    edge.set('a', 2);
    await edge.settle();
    expect(peer.take()).toEqual([[1, 1, 2, 2]]);
  });

  test('G14 nothing is sent once the token has expired, and a new one brings everything back', async () => {
    const edge = new Edge();
    edge.set('a', 1);
    const peer = edge.open(principal([]), { expiresAt: edge.clock.now() + 1000 });
    edge.subscribe(peer, 'a');
    await edge.settle();
    peer.take();
    await edge.clock.pass(1001);
    edge.set('a', 2);
    await edge.settle();
    expect(peer.take()).toEqual([]);
    edge.fanOut.refresh(peer.session, principal([]), undefined);
    await edge.settle();
    const lines = peer.take() as unknown[][];
    expect(lines[0]).toEqual({ op: 'reset', sub: 1 });
    expect(lines[1]!.slice(6, 7)).toEqual([2]);
  });

  test('G14 F3 a get answers nothing once the token has expired, to the millisecond, and again with a new one', () => {
    const edge = new Edge();
    edge.set('a', 1);
    const peer = edge.open(principal([]), { expiresAt: edge.clock.now() });
    const get = () => edge.fanOut.get(peer.session, 'a' as never);
    expect(get()).toBeUndefined();
    edge.fanOut.refresh(peer.session, principal([]), edge.clock.now() + 1);
    expect(get()).toMatchObject({ value: '1' });
  });

  test('absent and forbidden read alike', () => {
    const edge = new Edge([{ allow: ['r'], paths: ['a'] }]);
    edge.set('a', 1);
    edge.set('b', 1);
    const read = (path: string) => edge.fanOut.read(principal(['r']), path as never);
    expect(read('a')).toMatchObject({ value: '1', version: 1 });
    expect(read('b')).toBeUndefined();
    expect(read('c')).toBeUndefined();
  });
});

describe('slow clients', () => {
  const big = (n: number) => ({ n, filler: 'x'.repeat(1000) });

  async function lagging(acks = true) {
    const edge = new Edge(undefined, { conflateFromBytes: 4000 });
    for (let i = 0; i < 8; i++) edge.set(`a/${i}`, big(0));
    const peer = edge.open(principal([]), { acks });
    return { edge, peer };
  }

  test('G8 E1 a session that does not acknowledge gets the final value of each path when it does, and only that', async () => {
    const { edge, peer } = await lagging();
    edge.set('hot', 0);
    edge.subscribe(peer, 'hot');
    await edge.settle();
    peer.take();
    for (let i = 1; i <= 20; i++) {
      edge.set('hot', { i, filler: 'y'.repeat(300 + i) });
      await edge.settle();
    }
    const lines = peer.take();
    expect(lines).toContainEqual({ op: 'lagging' });
    edge.fanOut.ack(peer.session, peer.session.flow.sentFrames);
    await edge.settle();
    const drained = peer.take() as unknown[][];
    expect(drained).toHaveLength(2);
    expect(drained[0]!.slice(0, 1)).toEqual([0]);
    expect((drained[0]![6] as { i: number }).i).toBe(20);
    expect(drained[1]).toMatchObject({ op: 'caught-up' });
  });

  test('G7 a delete while lagging arrives; a path that came and went meanwhile is never told', async () => {
    const { edge, peer } = await lagging();
    edge.set('hot', 0);
    edge.subscribe(peer, '**');
    await edge.settle();
    await edge.clock.pass(2_300);
    peer.take();
    expect(peer.session.isLagging).toBe(true);
    edge.delete('hot');
    edge.set('brief', 1);
    edge.delete('brief');
    await edge.readAll(peer);
    const lines = peer.take() as unknown[][];
    expect(JSON.stringify(lines)).not.toContain('brief');
    const hot = lines.filter((line) => line[0] === 4 || line[5] === 'hot');
    expect(hot.map((line) => line[0])).toEqual([4]);
  });

  test('E1 a joiner that does not read is given the snapshot at its own pace, and others do not wait', async () => {
    const { edge, peer } = await lagging();
    const quick = edge.open();
    for (let i = 8; i < 2000; i++) edge.set(`a/${i}`, big(i));
    edge.subscribe(peer, '**');
    edge.subscribe(quick, '**');
    await edge.readAll(quick);
    expect(quick.take()).toContainEqual(expect.objectContaining({ op: 'end' }));
    const before = peer.take().length;
    expect(before).toBeLessThan(200);
    await edge.readAll(peer);
    expect(peer.take()).toContainEqual(expect.objectContaining({ op: 'end' }));
  });

  test('E1 G8 a session that is owed more than 5,000 paths starts anew, and ends with every final value', async () => {
    const edge = new Edge(undefined, { conflateFromBytes: 4000 });
    const paths = Array.from({ length: 5_002 }, (_, i) => `a/${i}`);
    for (const path of paths) edge.set(path, 0);
    const peer = edge.open();
    edge.subscribe(peer, '**');
    await edge.readAll(peer);
    peer.take();
    edge.set('a/0', { filler: 'x'.repeat(5_000) });
    await edge.settle();
    expect(peer.session.isLagging).toBe(true);
    for (const path of paths) edge.set(path, 1);
    edge.delete('a/1');
    await edge.settle();
    expect(peer.take()).toContainEqual({ op: 'reset', sub: 1 });
    expect(peer.session.dirty?.size).toBe(0);
    await edge.readAll(peer);
    const lines = peer.take() as unknown[][];
    const given = lines.filter((line) => line[0] === 0);
    expect(new Set(given.map((line) => line[5])).size).toBe(5_001);
    expect(given.every((line) => line[6] === 1)).toBe(true);
    expect(lines).toContainEqual(expect.objectContaining({ op: 'end', sub: 1 }));
    expect(peer.session.isLagging).toBe(false);
  });

  test('a client that acknowledges nothing for 30 s is closed with 4008', async () => {
    const { edge, peer } = await lagging();
    edge.subscribe(peer, '**');
    await edge.clock.pass(29_000);
    expect(peer.closed).toBeUndefined();
    await edge.clock.pass(2_000);
    expect(peer.closed).toBe(CloseCode.Slow);
  });

  test('without acks a ping asks for proof, and its answer counts as one', async () => {
    const { edge, peer } = await lagging(false);
    edge.subscribe(peer, '**');
    await edge.settle();
    expect(peer.pings).toHaveLength(1);
    expect(peer.session.flow.unackedBytes).toBeGreaterThan(4000);
    edge.fanOut.ack(peer.session, peer.pings[0]!);
    expect(peer.session.flow.unackedBytes).toBeLessThan(4000);
  });

  test('beats carry the number of messages before them', async () => {
    const edge = new Edge();
    const peer = edge.open();
    edge.set('a', 1);
    edge.subscribe(peer, 'a');
    await edge.settle();
    edge.fanOut.ack(peer.session, 1);
    await edge.clock.pass(25_500);
    const sent = peer.messages.length;
    expect(peer.take()).toContainEqual({ op: 'beat', frames: sent - 1 });
  });
});
