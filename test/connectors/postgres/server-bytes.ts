// Bytes as a Postgres server writes them: messages of pgoutput, lines of COPY, the text of arrays. Written from the manual, apart
// from the code that reads them.

/** A column that was not sent. */
export const UNCHANGED = Symbol('unchanged');
export type Cell = string | Buffer | null | typeof UNCHANGED;

export interface RelationColumnText {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier?: number;
  readonly isKey?: boolean;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

export function message(...parts: readonly (string | Buffer | number)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as string))),
  );
}

export function tuple(cells: readonly Cell[]): Buffer {
  return Buffer.concat([uint16(cells.length), ...cells.map(tupleColumn)]);
}

function tupleColumn(cell: Cell): Buffer {
  if (cell === null) return Buffer.from('n');
  if (cell === UNCHANGED) return Buffer.from('u');
  const text = Buffer.from(cell as string);
  return Buffer.concat([Buffer.from('t'), uint32(text.length), text]);
}

export function insert(oid: number, row: readonly Cell[]): Buffer {
  return message('I', uint32(oid), 'N', tuple(row));
}

export interface Before {
  readonly key?: readonly Cell[];
  readonly old?: readonly Cell[];
}

export function update(oid: number, row: readonly Cell[], before: Before = {}): Buffer {
  return message('U', uint32(oid), beforeImage(before), 'N', tuple(row));
}

export function remove(oid: number, before: Before): Buffer {
  return message('D', uint32(oid), beforeImage(before));
}

function beforeImage({ key, old }: Before): Buffer {
  if (key !== undefined) return message('K', tuple(key));
  return old === undefined ? Buffer.alloc(0) : message('O', tuple(old));
}

/** `committedAt`: microseconds since 2000. */
export function begin(commitLsn: bigint, committedAt: bigint, xid: number): Buffer {
  return message('B', uint64(commitLsn), uint64(BigInt.asUintN(64, committedAt)), uint32(xid));
}

export function commit(commitLsn: bigint, endLsn: bigint): Buffer {
  return message('C', 0, uint64(commitLsn), uint64(endLsn), uint64(0n));
}

export function relation(
  oid: number,
  [schema, name]: readonly [string, string],
  replicaIdentity: string,
  columns: readonly RelationColumnText[],
): Buffer {
  const parts = columns.map((column) =>
    message(
      column.isKey === true ? 1 : 0,
      `${column.name}\0`,
      uint32(column.typeOid),
      uint32(column.typeModifier ?? -1),
    ),
  );
  return message(
    'R',
    uint32(oid),
    `${schema}\0${name}\0${replicaIdentity}`,
    uint16(columns.length),
    ...parts,
  );
}

export function truncate(oids: readonly number[], flags: number): Buffer {
  return message('T', uint32(oids.length), flags, ...oids.map(uint32));
}

const COPY_ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** With its newline. */
export function copyLine(cells: readonly (string | null)[]): string {
  const fields = cells.map((cell) =>
    cell === null ? '\\N' : cell.replace(/[\b\f\n\r\t\v\\]/g, (char) => COPY_ESCAPES[char] as string),
  );
  return `${fields.join('\t')}\n`;
}

export type Nested = string | null | readonly Nested[];

/** What `array_out` writes, where each element is written as the string says. */
export function arrayText(items: readonly Nested[], delimiter = ','): string {
  const parts = items.map((item) => {
    if (item === null) return 'NULL';
    return typeof item === 'string' ? elementText(item, delimiter) : arrayText(item, delimiter);
  });
  return `{${parts.join(delimiter)}}`;
}

function elementText(text: string, delimiter: string): string {
  const isPlain = text !== '' && text.toUpperCase() !== 'NULL' && !/["\\{}\s]/.test(text);
  return isPlain && !text.includes(delimiter) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
