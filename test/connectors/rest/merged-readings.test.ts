import { describe, expect, test } from '@jest/globals';
import type { SourceEvent } from '../../../connectors/contract.js';
import { mergeReadings, type EndpointReading } from '../../../connectors/rest/merged-readings.js';

const LIVE: SourceEvent = { type: 'live' };
const lost = (reason: string): SourceEvent => ({ type: 'interrupted', reason });

function records(partition: string, n: number, more = false): SourceEvent {
  return {
    ...{ type: 'records', partition, topic: partition, partitionNumber: 0, records: [] },
    ...{ position: String(n), more },
  };
}

/** Yields these, then nothing until it is aborted. `taken`: how many of them the consumer has taken. */
function reading(events: readonly SourceEvent[]) {
  const progress = { taken: 0, ended: false };
  const read: EndpointReading = async function* (signal) {
    try {
      for (const event of events) {
        yield event;
        progress.taken++;
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    } finally {
      progress.ended = true;
    }
  };
  return { read, progress };
}

async function take(readings: readonly EndpointReading[], count: number): Promise<SourceEvent[]> {
  const taken: SourceEvent[] = [];
  for await (const event of mergeReadings(readings, new AbortController().signal)) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

const name = (event: SourceEvent): string =>
  event.type === 'records'
    ? `${event.partition}${event.position}${event.more === true ? '…' : ''}`
    : event.type;

describe('several readings', () => {
  test('are live when all of them are, and interrupted with the first that is', async () => {
    const a = reading([records('a', 1), LIVE, lost('a is down'), LIVE]);
    const b = reading([records('b', 1), records('b', 2), records('b', 3), LIVE]);
    const events = await take([a.read, b.read], 6);
    const names = events.map(name).filter((each) => !/^[ab]/.test(each));
    expect(names).toEqual(['interrupted', 'live']);
    expect(events.findIndex(({ type }) => type === 'live')).toBeGreaterThan(
      events.findIndex((event) => name(event) === 'b3'),
    );
  });

  test('stay interrupted while one of them is', async () => {
    const a = reading([LIVE, lost('a is down'), LIVE]);
    const b = reading([LIVE, lost('b is down')]);
    const events = await take([a.read, b.read], 4);
    expect(events.map(name)).toEqual(['live', 'interrupted', 'interrupted', 'interrupted']);
    expect(events[3]).toEqual(lost('b is down'));
  });

  test('do not tear a transaction', async () => {
    const parts = (of: string) => [1, 2, 3, 4].map((n) => records(of, n, n % 2 === 1));
    const events = await take(
      ['a', 'b', 'c'].map((of) => reading(parts(of)).read),
      12,
    );
    const names = events.map(name);
    for (const [i, each] of names.entries()) {
      if (each.endsWith('…')) expect(names[i + 1]?.[0]).toBe(each[0]);
    }
  });

  test('go on only when their last event was taken', async () => {
    const slow = reading([records('a', 1), records('a', 2)]);
    const merged = mergeReadings([slow.read], new AbortController().signal);
    await merged.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(slow.progress.taken).toBe(0);
    await merged.next();
    expect(slow.progress.taken).toBe(1);
    await merged.return(undefined);
  });

  test('end together: when the consumer goes away, when it is aborted, and when one fails', async () => {
    const a = reading([LIVE]);
    await take([a.read, reading([LIVE]).read], 1);
    expect(a.progress.ended).toBe(true);

    const ending = new AbortController();
    const b = reading([]);
    const merged = mergeReadings([b.read], ending.signal);
    const next = merged.next();
    ending.abort();
    expect(await next).toEqual({ done: true, value: undefined });

    const c = reading([]);
    const broken: EndpointReading = async function* () {
      yield LIVE;
      throw new Error('broken');
    };
    await expect(take([c.read, broken], 9)).rejects.toThrow('broken');
    expect(c.progress.ended).toBe(true);
  });
});
