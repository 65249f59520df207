import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/clock.js';
import type { LogReader } from '../../src/log/log.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import type { TopicPath } from '../../src/topic/path.js';
import { entryKeyOf, type LogBatch, type Update } from '../../src/topic/update.js';

const deletion: Update = {
  key: entryKeyOf('', 'a' as TopicPath),
  path: 'a' as TopicPath,
  value: null,
  at: 0,
};

function reader(batches: LogBatch[]): LogReader {
  return { apply: (batch) => void batches.push(batch), markSource() {}, markPath() {} };
}

describe('the memory log', () => {
  test('G1 versions grow by one per update within a source, across appends', () => {
    const batches: LogBatch[] = [];
    const log = new MemoryLog(systemClock, reader(batches));
    const quotes = log.claim('quotes');
    const orders = log.claim('orders');
    void quotes.append([deletion, deletion]);
    void orders.append([deletion]);
    void quotes.append([deletion]);
    expect(batches.map(({ x, first }) => [x, first])).toEqual([
      [0, 1],
      [1, 1],
      [0, 3],
    ]);
  });

  test('every start is another epoch, so that no version of before can be mistaken for one of now', () => {
    const epochs = new Set<string>();
    for (let start = 0; start < 50; start++) {
      const log = new MemoryLog(systemClock, reader([]));
      log.claim('quotes');
      epochs.add(log.partitions[0]!.epoch);
    }
    expect(epochs.size).toBe(50);
  });
});
