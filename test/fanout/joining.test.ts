import { describe, expect, test } from '@jest/globals';
import type { Filter } from '../../src/topic/filter.js';
import { Edge, principal } from './edge.js';

const at = 1_700_000_000_000;
/** So that a snapshot of some hundred values is more than one chunk. */
const long = 'x'.repeat(400);

describe('joining', () => {
  test('G6 the current values come first, then end, then deltas', async () => {
    const edge = new Edge();
    edge.set('a/1', { x: 1, long: 'unchanged text of some length' });
    const peer = edge.open();
    edge.subscribe(peer, 'a/*');
    await edge.settle();
    expect(peer.take()).toEqual([
      [0, 1, 1, 0, 0, 'a/1', { x: 1, long: 'unchanged text of some length' }, at],
      { op: 'end', sub: 1, cut: [[0, 2]] },
    ]);
    edge.set('a/1', { x: 2, long: 'unchanged text of some length' });
    await edge.settle();
    expect(peer.take()).toEqual([[2, 1, 2, 1, { x: 2 }]]);
  });

  test('G6 E14 a change during the walk is given once: behind the cursor at once, ahead of it by the walk', async () => {
    const edge = new Edge();
    for (let i = 0; i < 600; i++) edge.set(`a/${i}`, { i, v: 0, long });
    const peer = edge.open();
    edge.subscribe(peer, 'a/*');
    await edge.clock.turn(1); // the first chunk of the walk
    edge.set('a/0', { i: 0, v: 1, long });
    edge.set('a/599', { i: 599, v: 1, long });
    await edge.readAll(peer);
    const lines = peer.take() as unknown[][];
    const of = (path: string) => lines.filter((line) => line[0] === 0 && line[5] === path);
    expect(of('a/0')).toHaveLength(1);
    expect(of('a/599').map((line) => line[6])).toEqual([{ i: 599, v: 1, long }]);
    expect(lines.filter((line) => line[0] === 2 || line[0] === 1)).toHaveLength(1);
    expect(lines.at(-1)).toMatchObject({ op: 'end' });
    expect(lines.filter((line) => line[0] === 0)).toHaveLength(600);
  });

  test('a path born while a session joins comes before end; one that is gone does not come', async () => {
    const edge = new Edge();
    for (let i = 0; i < 300; i++) edge.set(`a/${i}`, long);
    const peer = edge.open();
    edge.subscribe(peer, '**');
    await edge.clock.turn(1);
    edge.delete('a/299');
    edge.set('a/new', 'born');
    await edge.readAll(peer);
    const lines = peer.take() as unknown[][];
    const paths = lines.filter((line) => line[0] === 0).map((line) => line[5]);
    expect(paths).toContain('a/new');
    expect(paths).not.toContain('a/299');
  });

  test('G2 a joiner at the newest version and a member at an older equal one take the same delta', async () => {
    const rules = [{ allow: ['some'], paths: ['**'], hide: ['/secret'] }];
    const edge = new Edge(rules);
    const early = edge.open(principal(['some']));
    edge.set('a', { shown: 1, secret: 1 });
    edge.subscribe(early, 'a');
    await edge.settle();
    early.take();
    edge.set('a', { shown: 1, secret: 2 });
    await edge.settle();
    expect(early.take()).toEqual([]);
    const late = edge.open(principal(['some']));
    edge.subscribe(late, 'a');
    await edge.settle();
    expect(late.take()[0]).toEqual([0, 1, 2, 0, 0, 'a', { shown: 1 }, at]);
    edge.set('a', { shown: 2, secret: 2 });
    await edge.settle();
    const [delta] = early.take() as number[][];
    expect(late.take()).toEqual([delta]);
    expect(delta!.slice(0, 3)).toEqual([delta![0], 1, 3]);
    if (delta![0] !== 1) expect(delta![3]).toBe(2);
  });

  test('two intents on one path are two streams, and the fields of one never hold the other back', async () => {
    const edge = new Edge();
    edge.set('a', { x: 1, y: 1 });
    const peer = edge.open();
    edge.subscribe(peer, 'a', { fields: ['/x'] });
    edge.subscribe(peer, 'a', { fields: ['/y'] });
    await edge.settle();
    peer.take();
    edge.set('a', { x: 2, y: 1 });
    await edge.settle();
    expect(peer.take()).toHaveLength(1);
  });

  test('overlapping filters of one intent deliver a change once', async () => {
    const edge = new Edge();
    edge.set('a/b', 1);
    const peer = edge.open();
    edge.subscribe(peer, 'a/*');
    edge.subscribe(peer, '**');
    await edge.settle();
    peer.take();
    edge.set('a/b', 2);
    await edge.settle();
    expect(peer.take()).toEqual([[1, 1, 2, 2]]);
  });

  test('without a snapshot the first message of a path still brings the whole value', async () => {
    const edge = new Edge();
    edge.set('a', { x: 1, long: 'unchanged text of some length' });
    const peer = edge.open();
    edge.subscribe(peer, 'a', { snapshot: false });
    await edge.settle();
    expect(peer.take()).toEqual([{ op: 'end', sub: 1, cut: [[0, 2]] }]);
    edge.set('a', { x: 2, long: 'unchanged text of some length' });
    await edge.settle();
    expect((peer.take() as unknown[][])[0]!.slice(0, 1)).toEqual([0]);
    edge.set('a', { x: 3, long: 'unchanged text of some length' });
    await edge.settle();
    expect((peer.take() as unknown[][])[0]!.slice(0, 1)).toEqual([2]);
  });

  test('F8 a subscription may show as many paths as its limit, and ends with the first one more', async () => {
    const edge = new Edge(undefined, { visiblePathsPerSubscription: 3 });
    for (const path of ['a', 'b', 'c']) edge.set(path, 1);
    const peer = edge.open();
    const other = edge.open();
    const sub = edge.subscribe(peer, '*');
    edge.subscribe(other, 'a');
    await edge.settle();
    expect(peer.take().at(-1)).toMatchObject({ op: 'end' });
    edge.set('d', 1);
    await edge.settle();
    expect(peer.take()).toContainEqual({ op: 'limit', sub });
    edge.set('a', 2);
    await edge.settle();
    expect(peer.take()).toEqual([]);
    expect(other.take().at(-1)).toEqual([1, 1, 5, 2]);
  });

  test('several filters of one subscription give one end, after all of them', async () => {
    const edge = new Edge();
    edge.set('a/1', 1);
    edge.set('b/1', 1);
    const peer = edge.open();
    edge.subscribe(peer, 'unused', { filters: ['a/*' as Filter, 'b/*' as Filter] });
    await edge.settle();
    const lines = peer.take();
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatchObject({ op: 'end', sub: 1 });
  });
});
