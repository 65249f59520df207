// What is known of a published table: what a snapshot selects, what a stream's tuples hold, and what names a row.

export interface Column {
  readonly name: string;
  readonly typeOid: number;
  /** atttypmod: length, precision or scale of the type; -1: none. */
  readonly typeModifier: number;
  /** Part of what names a row: of the primary key, or of the index that is the replica identity. */
  readonly isKey: boolean;
  /** Its values may be stored out of line, so that an update which leaves one alone does not send it. */
  readonly isToastable: boolean;
}

/** How much of a row's former state updates and deletes carry. Tables with `nothing`, or without a key, are refused by the probe. */
export type ReplicaIdentity = 'default' | 'index' | 'full';

/** Invariant: at least one column is of the key. */
export interface Table {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `public.orders`: how people and records name it. */
  readonly topic: string;
  readonly replicaIdentity: ReplicaIdentity;
  /** Read through its root: rows of all partitions. */
  readonly isPartitioned: boolean;
  /** In the order in which pgoutput sends them: what the publication publishes of the table. */
  readonly columns: readonly Column[];
  /** Names of the columns that make up the value, of `columns`. */
  readonly wanted: ReadonlySet<string>;
  /** The publication's WHERE, as the server writes it; undefined: every row. */
  readonly rowFilter: string | undefined;
}
