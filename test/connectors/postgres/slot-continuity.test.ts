// Whether a durable slot has all that comes after our position, and whether a table that differs is read anew for ever.

import { describe, expect, test } from '@jest/globals';

import { HistoryLost, OptionsRejected, SourceUnavailable } from '../../../connectors/contract.js';
import { ShapeGuard } from '../../../connectors/postgres/catalog/shape-guard.js';
import type { FormerTimeline } from '../../../connectors/postgres/connection/replication-session.js';
import {
  demandSameHistory,
  demandSameSlot,
  onceFree,
  type KnownSlot,
} from '../../../connectors/postgres/connection/slot-continuity.js';
import type { SlotState } from '../../../connectors/postgres/connection/slot.js';
import { decodeMessage, type Relation } from '../../../connectors/postgres/wire/pgoutput.js';
import { tableOf, TYPE } from './sample-table.js';
import { relation } from './server-bytes.js';

const KNOWN: KnownSlot = { name: 's', systemId: '7', timeline: 1, told: 100n, read: 120n };
const SLOT: SlotState = {
  ...{ name: 's', plugin: 'pgoutput', database: 'd', isTemporary: false, activePid: undefined },
  ...{ restartLsn: 80n, confirmedLsn: 100n, walStatus: 'reserved', invalidationReason: undefined },
  isFailover: false,
};

describe('B7 B8 a slot is gone on from', () => {
  test('where it is as it was left, or a little behind what we told the server last', () => {
    expect(demandSameSlot(SLOT, KNOWN)).toBe(SLOT);
    expect(() => demandSameSlot({ ...SLOT, confirmedLsn: 60n }, KNOWN)).not.toThrow();
  });

  test.each<[string, SlotState | undefined]>([
    ['it is gone', undefined],
    ['it was advanced, or made anew', { ...SLOT, confirmedLsn: 101n }],
    ['WAL was removed', { ...SLOT, walStatus: 'lost' }],
    ['it was idle for too long', { ...SLOT, invalidationReason: 'idle_timeout' }],
    ['it is for another plugin', { ...SLOT, plugin: 'test_decoding' }],
    ['it is physical', { ...SLOT, plugin: undefined, confirmedLsn: undefined }],
  ])('not where %s', (_what, slot) => {
    expect(() => demandSameSlot(slot, KNOWN)).toThrow(HistoryLost);
  });

  test('as soon as the connection before is gone for the server too; not where something else is wrong', async () => {
    let times = 0;
    const busy = async (): Promise<string> => {
      if (++times < 3) throw new SourceUnavailable('in use');
      return 'free';
    };
    const { signal } = new AbortController();
    expect(await onceFree(busy, signal)).toBe('free');
    const lost = onceFree(() => Promise.reject(new HistoryLost('gone')), signal);
    await expect(lost).rejects.toThrow(HistoryLost);
  });
});

describe('B9 a server is gone on with', () => {
  const now = { systemId: '7', timeline: 3, walEnd: 500n };
  const session = (...history: FormerTimeline[]) => ({ timelineHistory: async () => history });

  test('where its timeline left ours after what we have read', async () => {
    const history = session({ timeline: 1, endsAt: 120n }, { timeline: 2, endsAt: 130n });
    await expect(demandSameHistory(history, now, KNOWN)).resolves.toBeUndefined();
    await expect(demandSameHistory(session(), { ...now, timeline: 1 }, KNOWN)).resolves.toBeUndefined();
  });

  test.each([
    ['its timeline left ours before', now, [{ timeline: 1, endsAt: 119n }]],
    ['its timeline does not come from ours', now, [{ timeline: 2, endsAt: 130n }]],
    ['it is another cluster', { ...now, systemId: '8', timeline: 1 }, []],
  ])('not where %s', async (_what, server, history) => {
    await expect(demandSameHistory(session(...history), server, KNOWN)).rejects.toThrow(HistoryLost);
  });
});

describe('a table that the stream shows in another shape than the catalog', () => {
  const table = tableOf([{ name: 'id', type: TYPE.int4, isKey: true }]);
  const shown = (...names: string[]): Relation => {
    const columns = names.map((name) => ({ name, typeOid: TYPE.int4, isKey: name === 'id' }));
    const message = decodeMessage(relation(7, ['public', 'orders'], 'd', columns));
    if (message.kind !== 'relation') throw new Error('no relation');
    return message.relation;
  };

  test('is read anew once; then the source stops and says both shapes, for it would be for ever', () => {
    const guard = new ShapeGuard();
    expect(guard.fault(table, shown('id', 'n'), 'public.orders differs')).toBeInstanceOf(HistoryLost);
    const fault = guard.fault(table, shown('id', 'n'), 'public.orders differs');
    expect(fault).toBeInstanceOf(OptionsRejected);
    expect(fault.message).toContain('public.orders (id 23 key) default was read');
    expect(fault.message).toContain('public.orders (id 23 key, n 23) d is streamed');
  });

  test('is read anew each time where it differs in another way, or has agreed in between', () => {
    const guard = new ShapeGuard();
    guard.fault(table, shown('id', 'n'), 'differs');
    expect(guard.fault(table, shown('id', 'm'), 'differs')).toBeInstanceOf(HistoryLost);
    guard.agreed(table.oid);
    expect(guard.fault(table, shown('id', 'm'), 'differs')).toBeInstanceOf(HistoryLost);
  });
});
