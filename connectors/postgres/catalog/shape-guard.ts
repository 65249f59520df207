// Keeps a source from being read anew for ever. A table whose shape in the stream is not that of the snapshot is read anew, which mends it
// where the table was altered; where it was not, the same would come again and again.

import { HistoryLost, OptionsRejected } from '../../contract.js';
import type { Relation } from '../wire/pgoutput.js';
import type { Table } from '../wire/table.js';

/** Invariant: it outlives readings, and remembers of each table the last difference that the catalog did not explain. */
export class ShapeGuard {
  readonly #unexplained = new Map<number, string>();

  /**
   * The catalog has the table as it was read, and the stream has it as `relation`, which differs as `words` say: what to throw. It may
   * have been altered to and fro; then reading anew gets past that.
   */
  fault(table: Table, relation: Relation, words: string): HistoryLost | OptionsRejected {
    const shapes = `${shapeText(table)} was read, ${shapeText(relation)} is streamed`;
    if (this.#unexplained.get(table.oid) !== shapes) {
      this.#unexplained.set(table.oid, shapes);
      return new HistoryLost(`${words} in the stream, though not any more: it is read anew`);
    }
    return new OptionsRejected(
      `${words} in the stream, but not in the catalog, also after it was read anew: this publication is not supported, or there is a bug in Tailrace. ${shapes}`,
    );
  }

  /** The stream and the snapshot agree on the table. */
  agreed(oid: number): void {
    this.#unexplained.delete(oid);
  }
}

/** `public.orders (id 23, note 1043/24 key) d` */
function shapeText({ schema, name, columns, replicaIdentity }: Table | Relation): string {
  const texts = columns.map((column) => {
    const modifier = column.typeModifier === -1 ? '' : `/${column.typeModifier}`;
    return `${column.name} ${column.typeOid}${modifier}${column.isKey ? ' key' : ''}`;
  });
  return `${schema}.${name} (${texts.join(', ')}) ${replicaIdentity}`;
}
