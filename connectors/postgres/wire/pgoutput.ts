// Messages of the output plugin pgoutput, protocol version 1: "Logical Replication Message Formats" in the manual. Reads bytes of a
// server and trusts none of them. Transactions, positions and tables are not kept here.

import { MessageCursor } from './message-cursor.js';
import type { Tuple } from './tuple.js';

/** `oid` is the table's. Tuples are views of the payload. */
export type PgOutputMessage =
  | {
      readonly kind: 'begin';
      /** LSN of the commit record, already known: only committed transactions are sent. */
      readonly commitLsn: bigint;
      /** ms since 1970. */
      readonly committedAtMs: number;
      readonly xid: number;
    }
  | {
      readonly kind: 'commit';
      readonly commitLsn: bigint;
      /** After the commit record: what may be acknowledged when the transaction is durable. */
      readonly endLsn: bigint;
    }
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'insert'; readonly oid: number; readonly row: Tuple }
  | {
      readonly kind: 'update';
      readonly oid: number;
      /** The old key, other columns null: sent when the key changed, or is stored out of line. */
      readonly key: Tuple | undefined;
      /** The whole old row: replica identity full. */
      readonly old: Tuple | undefined;
      readonly row: Tuple;
    }
  | {
      readonly kind: 'delete';
      readonly oid: number;
      readonly key: Tuple | undefined;
      readonly old: Tuple | undefined;
    }
  | {
      readonly kind: 'truncate';
      readonly oids: readonly number[];
      readonly cascade: boolean;
      readonly restartIdentity: boolean;
    }
  /** An origin, a type, a message of `pg_logical_emit_message`: nothing to do. */
  | { readonly kind: 'other' };

/** A table as it is from here on in the stream. Sent before its first change, and again when it may have changed. */
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** As pg_class.relreplident has it: default, index, full, nothing. */
  readonly replicaIdentity: 'd' | 'i' | 'f' | 'n';
  readonly columns: readonly RelationColumn[];
}

export interface RelationColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  /** Part of the replica identity: with `f` every column is. */
  readonly isKey: boolean;
}

/** Microseconds from 1970 to 2000, where Postgres begins to count. */
const POSTGRES_EPOCH_MICROS = 946_684_800_000_000n;
const KEY_FLAG = 1;
const CASCADE_FLAG = 1;
const RESTART_IDENTITY_FLAG = 2;

const TAG = {
  begin: 0x42,
  commit: 0x43,
  relation: 0x52,
  insert: 0x49,
  update: 0x55,
  delete: 0x44,
  truncate: 0x54,
  origin: 0x4f,
  type: 0x59,
  message: 0x4d,
  key: 0x4b,
  old: 0x4f,
  row: 0x4e,
} as const;

/** What one message says. Throws ProtocolFault when it is none, or is cut short, or goes on after its end. */
export function decodeMessage(payload: Buffer): PgOutputMessage {
  const cursor = new MessageCursor(payload);
  const message = readMessage(cursor);
  if (message.kind !== 'other') cursor.end();
  return message;
}

function readMessage(cursor: MessageCursor): PgOutputMessage {
  switch (cursor.byte()) {
    case TAG.insert:
      return readInsert(cursor);
    case TAG.update:
      return readUpdate(cursor);
    case TAG.delete:
      return readDelete(cursor);
    case TAG.begin:
      return readBegin(cursor);
    case TAG.commit:
      cursor.skip(1, 'the flags');
      return readCommit(cursor);
    case TAG.relation:
      return { kind: 'relation', relation: readRelation(cursor) };
    case TAG.truncate:
      return readTruncate(cursor);
    case TAG.origin:
    case TAG.type:
    case TAG.message:
      return { kind: 'other' };
    default:
      return cursor.fail('a message of unknown kind', 0);
  }
}

function readInsert(cursor: MessageCursor): PgOutputMessage {
  const oid = cursor.uint32();
  return { kind: 'insert', oid, row: readRow(cursor, cursor.byte()) };
}

function readUpdate(cursor: MessageCursor): PgOutputMessage {
  const oid = cursor.uint32();
  const tag = cursor.byte();
  if (tag !== TAG.key && tag !== TAG.old) {
    return { kind: 'update', oid, key: undefined, old: undefined, row: readRow(cursor, tag) };
  }
  const before = cursor.tuple(tag === TAG.key ? 'key' : 'row');
  const row = readRow(cursor, cursor.byte());
  return tag === TAG.key
    ? { kind: 'update', oid, key: before, old: undefined, row }
    : { kind: 'update', oid, key: undefined, old: before, row };
}

function readDelete(cursor: MessageCursor): PgOutputMessage {
  const oid = cursor.uint32();
  const tag = cursor.byte();
  if (tag === TAG.key) return { kind: 'delete', oid, key: cursor.tuple('key'), old: undefined };
  if (tag === TAG.old) return { kind: 'delete', oid, key: undefined, old: cursor.tuple('row') };
  return cursor.fail('neither a key nor an old row');
}

function readRow(cursor: MessageCursor, tag: number): Tuple {
  return tag === TAG.row ? cursor.tuple('row') : cursor.fail('no new row');
}

function readBegin(cursor: MessageCursor): PgOutputMessage {
  const commitLsn = cursor.uint64();
  const committedAtMs = Number((cursor.int64() + POSTGRES_EPOCH_MICROS) / 1000n);
  return { kind: 'begin', commitLsn, committedAtMs, xid: cursor.uint32() };
}

function readCommit(cursor: MessageCursor): PgOutputMessage {
  const commitLsn = cursor.uint64();
  const endLsn = cursor.uint64();
  cursor.skip(8, 'the time of the commit');
  return { kind: 'commit', commitLsn, endLsn };
}

function readRelation(cursor: MessageCursor): Relation {
  const oid = cursor.uint32();
  // An empty name stands for the schema pg_catalog.
  const schema = cursor.text() || 'pg_catalog';
  const name = cursor.text();
  const replicaIdentity = readReplicaIdentity(cursor);
  const columns = Array.from({ length: cursor.uint16() }, () => readRelationColumn(cursor));
  return { oid, schema, name, replicaIdentity, columns };
}

function readRelationColumn(cursor: MessageCursor): RelationColumn {
  const flags = cursor.byte();
  const name = cursor.text();
  const typeOid = cursor.uint32();
  return { name, typeOid, typeModifier: cursor.int32(), isKey: (flags & KEY_FLAG) !== 0 };
}

function readReplicaIdentity(cursor: MessageCursor): Relation['replicaIdentity'] {
  const letter = String.fromCharCode(cursor.byte());
  if (letter === 'd' || letter === 'i' || letter === 'f' || letter === 'n') return letter;
  return cursor.fail('an unknown replica identity');
}

function readTruncate(cursor: MessageCursor): PgOutputMessage {
  const count = cursor.count32(4, 'tables');
  const flags = cursor.byte();
  return {
    kind: 'truncate',
    oids: Array.from({ length: count }, () => cursor.uint32()),
    cascade: (flags & CASCADE_FLAG) !== 0,
    restartIdentity: (flags & RESTART_IDENTITY_FLAG) !== 0,
  };
}
