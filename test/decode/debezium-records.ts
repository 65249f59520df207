// Changes as Debezium's connectors write them, shaped after its documentation: PostgreSQL and MySQL, with and without schema.

export interface Row {
  readonly id: number;
  readonly first_name: string;
  readonly email: string;
}

export type Operation = 'c' | 'r' | 'u' | 'd';

const POSTGRES_SOURCE = {
  version: '2.7.3.Final',
  connector: 'postgresql',
  name: 'shop',
  ts_ms: 1_559_033_904_863,
  snapshot: 'false',
  db: 'postgres',
  sequence: '["24023119","24023128"]',
  schema: 'public',
  table: 'customers',
  txId: 555,
  lsn: 24_023_128,
  xmin: null,
};

const MYSQL_SOURCE = {
  version: '2.7.3.Final',
  connector: 'mysql',
  name: 'shop',
  ts_ms: 1_465_491_411_000,
  snapshot: 'last',
  db: 'inventory',
  sequence: null,
  table: 'customers',
  server_id: 0,
  gtid: null,
  file: 'mysql-bin.000003',
  pos: 154,
  row: 0,
  thread: 7,
  query: null,
};

/** An envelope as `schemas.enable=false` writes it. */
export function postgres(op: Operation, row: Row, before: Row | null = null) {
  return {
    before: op === 'd' ? row : before,
    after: op === 'd' ? null : row,
    source: { ...POSTGRES_SOURCE, snapshot: op === 'r' ? 'true' : 'false' },
    transaction: null,
    op,
    ts_ms: 1_559_033_904_961,
    ts_us: 1_559_033_904_961_654,
    ts_ns: 1_559_033_904_961_654_321n.toString(),
  };
}

export function mysql(op: Operation, row: Row) {
  return { ...postgres(op, row), source: MYSQL_SOURCE };
}

/** The same as `schemas.enable=true` writes it, which is the converter's default. */
export function withSchema(payload: object) {
  const columns = [
    { type: 'int32', optional: false, default: 0, field: 'id' },
    { type: 'string', optional: false, field: 'first_name' },
    { type: 'string', optional: false, field: 'email' },
  ];
  const row = (field: string) => ({
    type: 'struct',
    fields: columns,
    optional: true,
    name: 'shop.public.customers.Value',
    field,
  });
  return {
    schema: {
      type: 'struct',
      fields: [
        row('before'),
        row('after'),
        { type: 'string', optional: false, field: 'op' },
        { type: 'int64', optional: true, field: 'ts_ms' },
      ],
      optional: false,
      name: 'shop.public.customers.Envelope',
    },
    payload,
  };
}

/** A key as `schemas.enable=true` writes it. */
export function keyWithSchema(id: number) {
  return {
    schema: {
      type: 'struct',
      name: 'shop.public.customers.Key',
      optional: false,
      fields: [{ name: 'id', index: '0', schema: { type: 'INT32', optional: 'false' } }],
    },
    payload: { id },
  };
}
