// What tells the streams of one server apart: which slot since it was made, and which tables were read beside it, in which shape. Positions
// carry it, so that one of another stream, or of tables that were altered since, is never gone on from.

import { createHash } from 'node:crypto';

import type { PublishedTable } from './catalog/catalog.js';

/** `16B3748-9f86d081`: the LSN at which the slot's stream begins, and {@link tablesStamp}. */
export function slotGeneration(beginsAt: bigint, tables: readonly PublishedTable[]): string {
  return `${beginsAt.toString(16).toUpperCase()}-${tablesStamp(tables)}`;
}

/** Whether what these tables hold is what was read in that generation, with what its stream brought since. */
export function isOfGeneration(generation: string, tables: readonly PublishedTable[]): boolean {
  return generation.endsWith(`-${tablesStamp(tables)}`);
}

function tablesStamp(tables: readonly PublishedTable[]): string {
  const shapes = tables
    .map(({ oid, topic, replicaIdentity, columns, wanted, rowFilter, leaves, typeDetails }) => [
      ...[oid, topic, replicaIdentity, columns, [...wanted], rowFilter],
      // Files are left out: they differ after TRUNCATE, which the stream tells.
      ...[leaves.map((leaf) => [leaf.oid, leaf.columnsStamp]), [...typeDetails]],
    ])
    .sort(([a], [b]) => Number(a) - Number(b));
  return createHash('sha256').update(JSON.stringify(shapes)).digest('hex').slice(0, 8);
}
