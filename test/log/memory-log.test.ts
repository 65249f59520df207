import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/clock.js';
import type { LogPartition, LogReader } from '../../src/log/log.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import type { TopicPath } from '../../src/topic/path.js';
import { entryKeyOf, type LogBatch, type Update } from '../../src/topic/update.js';

const deletion: Update = {
  key: entryKeyOf('', 'a' as TopicPath),
  path: 'a' as TopicPath,
  value: null,
  at: 0,
};

class Reader implements LogReader {
  readonly batches: LogBatch[] = [];
  readonly partitions: LogPartition[] = [];

  apply(batch: LogBatch): void {
    this.batches.push(batch);
  }

  partitionAdded(partition: LogPartition): void {
    this.partitions.push(partition);
  }

  partitionRemoved(x: number): void {
    this.partitions.splice(
      this.partitions.findIndex((each) => each.x === x),
      1,
    );
  }

  markSource(): void {}
  markPath(): void {}
}

describe('the memory log', () => {
  test('G1 versions grow by one per update within a source, across appends', () => {
    const reader = new Reader();
    const log = new MemoryLog(systemClock, reader);
    const quotes = log.claim('quotes');
    const orders = log.claim('orders');
    void quotes.append([deletion, deletion], 0);
    void orders.append([deletion], 0);
    void quotes.append([deletion], 0);
    expect(reader.batches.map(({ x, first }) => [x, first])).toEqual([
      [0, 1],
      [1, 1],
      [0, 3],
    ]);
  });

  test('every start is another epoch, so that no version of before can be mistaken for one of now', () => {
    const epochs = new Set<string>();
    for (let start = 0; start < 50; start++) {
      const reader = new Reader();
      new MemoryLog(systemClock, reader).claim('quotes');
      epochs.add(reader.partitions[0]!.epoch);
    }
    expect(epochs.size).toBe(50);
  });

  test('a source that is claimed again goes on in its epoch; one that was retired comes back as another partition', () => {
    const reader = new Reader();
    const log = new MemoryLog(systemClock, reader);
    const first = log.claim('quotes');
    void first.append([deletion, deletion], 0);
    first.release();
    const second = log.claim('quotes');
    void second.append([deletion], 0);
    expect(reader.batches.map(({ x, first: version }) => [x, version])).toEqual([
      [0, 1],
      [0, 3],
    ]);
    expect(reader.partitions).toHaveLength(1);
    const former = reader.partitions[0]!;
    second.retire();
    expect(reader.partitions).toEqual([]);
    log.claim('quotes');
    expect(reader.partitions.map(({ x }) => x)).toEqual([1]);
    expect(reader.partitions[0]!.epoch).not.toBe(former.epoch);
  });

  test('G9 a batch says where it stands in a transaction, and a partition whether its transactions are whole', () => {
    const reader = new Reader();
    const log = new MemoryLog(systemClock, reader);
    const rows = log.claim('rows', { atomic: true });
    void rows.append([deletion, deletion], 0, 'part');
    void rows.append([], 0, 'whole');
    void rows.append([deletion], 0);
    expect(reader.batches.map(({ first, bounds }) => [first, bounds])).toEqual([
      [1, 'part'],
      [3, 'whole'],
      [3, undefined],
    ]);
    log.claim('rows', { atomic: true });
    log.claim('rows');
    expect(reader.partitions.map(({ x, atomic }) => [x, atomic])).toEqual([
      [0, true],
      [0, false],
    ]);
  });
});
