// What has to be said with a figure: foreign load, and whatever makes its slices less than they should be.

import type { Slice } from '../arena.js';
import { median } from '../stats.js';

/** The client has no core to spare above this. */
const BUSY = 0.95;

export function foreign(slices: readonly Slice[]): number | undefined {
  const cores = slices.flatMap(({ foreignCores }) => foreignCores ?? []);
  return cores.length === 0 ? undefined : median(cores);
}

export function remarksOf(slices: readonly Slice[]): string[] {
  const missing = slices.reduce(
    (sum, { expected, deliveries, conflated }) => sum + Math.max(0, expected - deliveries - conflated),
    0,
  );
  const conflated = slices.reduce((sum, slice) => sum + slice.conflated, 0);
  const lost = Math.max(...slices.map(({ received }) => received.lost));
  const clientShare = median(slices.map((slice) => slice.clientShare));
  return [
    ...(missing > 0 ? [`${missing} deliveries were missing`] : []),
    ...(conflated > 0 ? [`${conflated} deliveries were merged because clients lagged`] : []),
    ...(lost > 0 ? [`${lost} connections were lost`] : []),
    ...(clientShare > BUSY
      ? [
          `the client was busy (${Math.round(clientShare * 100)} % of its core): rates are its own, CPU is not`,
        ]
      : []),
  ];
}
