// What happened between two looks at a process: rates and delays, from totals that only grow.

import type { SourceStatus, Status } from '../server/admin-status.js';
import type { Ms } from '../topic/update.js';

/** Of one source, since the look before. */
export interface SourceRates {
  readonly recordsPerSecond: number;
  readonly updatesPerSecond: number;
  /** From event time to socket; undefined: nothing was sent. Infinity: longer than the last bucket. */
  readonly p50Ms: Ms | undefined;
  readonly p99Ms: Ms | undefined;
}

export interface Rates {
  readonly sources: ReadonlyMap<string, SourceRates>;
  readonly changesPerSecond: number;
  readonly deliveriesPerSecond: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly opensPerSecond: number;
  /** Shares of the changes by form; those of 0 are left out. */
  readonly forms: readonly (readonly [form: string, share: number])[];
  /** Share of the deliveries that were merged into later ones. */
  readonly conflated: number;
  /** Of one processor, 0 to 1 and above. */
  readonly cpu: number;
  /** Share of the time in which the event loop was busy. */
  readonly loop: number;
}

/** `before`: an earlier look at the same process. Undefined: since its start. */
export function ratesOf(now: Status, before: Status | undefined): Rates {
  const from = before?.startedAt === now.startedAt ? before : undefined;
  const seconds = Math.max(0.001, (now.now - (from?.now ?? now.startedAt)) / 1_000);
  const since = (total: (status: Status) => number): number =>
    Math.max(0, total(now) - (from === undefined ? 0 : total(from)));
  const changes = Object.keys(now.fanOut.changes).map((form) => {
    const total = (status: Status): number =>
      status.fanOut.changes[form as keyof Status['fanOut']['changes']];
    return [form, since(total)] as const;
  });
  const changed = changes.reduce((sum, [, count]) => sum + count, 0);
  const delivered = since(({ fanOut }) => fanOut.deliveries.live + fanOut.deliveries.drained);
  const conflated = since(({ fanOut }) => fanOut.deliveries.conflated);
  const busy = since((status) => status.process.loopBusyMs);
  const idle = since((status) => status.process.loopIdleMs);
  return {
    sources: new Map(
      now.sources.map((source) => [
        source.name,
        sourceRates(source, from, { seconds, bucketsMs: now.fanOut.bucketsMs }),
      ]),
    ),
    changesPerSecond: changed / seconds,
    deliveriesPerSecond: delivered / seconds,
    messagesPerSecond: since(({ fanOut }) => fanOut.socketWrites) / seconds,
    bytesPerSecond: since(({ fanOut }) => fanOut.socketBytes) / seconds,
    opensPerSecond: since(({ sessions }) => sessions.opens) / seconds,
    forms: changes.filter(([, count]) => count > 0).map(([form, count]) => [form, count / changed]),
    conflated: share(conflated, delivered + conflated),
    cpu: since((status) => status.process.cpuMs) / 1_000 / seconds,
    loop: share(busy, busy + idle),
  };
}

function sourceRates(
  now: SourceStatus,
  from: Status | undefined,
  { seconds, bucketsMs }: { readonly seconds: number; readonly bucketsMs: readonly Ms[] },
): SourceRates {
  const before = from?.sources.find(({ name }) => name === now.name);
  const since = (total: (source: SourceStatus) => number): number =>
    Math.max(0, total(now) - (before === undefined ? 0 : total(before)));
  const count = since(({ freshness }) => freshness.count);
  const atMost = now.freshness.atMost.map((_, i) => since(({ freshness }) => freshness.atMost[i] ?? 0));
  return {
    recordsPerSecond: since(({ records }) => records) / seconds,
    updatesPerSecond: since(({ updates }) => updates) / seconds,
    p50Ms: percentile(0.5, { atMost, count, bucketsMs }),
    p99Ms: percentile(0.99, { atMost, count, bucketsMs }),
  };
}

/** The bound of the bucket that it is in. */
function percentile(
  part: number,
  { atMost, count, bucketsMs }: { atMost: readonly number[]; count: number; bucketsMs: readonly Ms[] },
): Ms | undefined {
  if (count === 0) return undefined;
  return bucketsMs[atMost.findIndex((reached) => reached >= part * count)] ?? Infinity;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
