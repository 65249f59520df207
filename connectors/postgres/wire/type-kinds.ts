// What becomes of the text of a column, by its type: a handful of kinds, and text for all others. Which types a database has is
// asked by the catalog; how each kind is written is column-text.ts.

/** How the text that Postgres writes of a value becomes JSON. Arrays of arrays exist only through domains. */
export type TypeKind =
  | {
      readonly kind:
        | 'bool'
        /** As it is written; NaN and the infinities are text. */
        | 'number'
        /** Is JSON already. */
        | 'json'
        | 'timestamp'
        | 'timestamptz'
        | 'bytea'
        /** As Postgres writes it: numeric with all of its digits, dates, enums, ranges, and every type that is not known here. */
        | 'text';
    }
  | ArrayKind;

export interface ArrayKind {
  readonly kind: 'array';
  readonly element: TypeKind;
  /** Byte between elements: a comma, or a semicolon for `box`. */
  readonly delimiter: number;
}

export interface TypeKinds {
  /** A type that is not known has text. */
  kindOf(oid: number): TypeKind;
}

/** A row of pg_type. */
export interface PgType {
  readonly oid: number;
  /** typbasetype: of a domain the type below it; else 0. */
  readonly baseOid: number;
  /**
   * typelem, where typoutput is `array_out`; else 0. Having a typelem is not enough: `point`, `name` and `int2vector` have one,
   * and write themselves otherwise.
   */
  readonly elementOid: number;
  /** typdelim: one character. */
  readonly delimiter: string;
}

const TEXT: TypeKind = { kind: 'text' };
const COMMA = 0x2c;

/** Oids of built-in types are the same in every database and version. */
const BUILT_IN: ReadonlyMap<number, TypeKind> = new Map<number, TypeKind>([
  [16, { kind: 'bool' }],
  [17, { kind: 'bytea' }],
  [20, { kind: 'number' }],
  [21, { kind: 'number' }],
  [23, { kind: 'number' }],
  [26, { kind: 'number' }],
  [114, { kind: 'json' }],
  [700, { kind: 'number' }],
  [701, { kind: 'number' }],
  [1114, { kind: 'timestamp' }],
  [1184, { kind: 'timestamptz' }],
  [3802, { kind: 'json' }],
]);

/** The kinds of a database's types. */
export function typeKindsOf(types: Iterable<PgType>): TypeKinds {
  const byOid = new Map<number, PgType>();
  for (const type of types) byOid.set(type.oid, type);
  const kinds = new Map(BUILT_IN);

  function kindOf(oid: number): TypeKind {
    const known = kinds.get(oid);
    if (known !== undefined) return known;
    const kind = kindOfType(byOid.get(oid));
    kinds.set(oid, kind);
    return kind;
  }

  function kindOfType(type: PgType | undefined): TypeKind {
    if (type === undefined) return TEXT;
    if (type.baseOid !== 0) return kindOf(type.baseOid);
    if (type.elementOid === 0) return TEXT;
    const delimiter = byOid.get(type.elementOid)?.delimiter.charCodeAt(0) ?? COMMA;
    return { kind: 'array', element: kindOf(type.elementOid), delimiter };
  }

  return { kindOf };
}
