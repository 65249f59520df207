// The question that catalog.ts asks: which tables a publication publishes, and what of them. Reads system tables only and calls no
// function that looks beyond the snapshot of its transaction, but one (see `published`): what DDL does meanwhile is not seen.

/** All versions are server_version_num: 150018 is 15.18. Column and row filters, and publications of whole schemas, came with 15. */
export const FILTERS_SINCE = 150_000;
/** Publications of generated columns came with 18. */
export const GENERATED_SINCE = 180_000;

/** No row: there is no publication `$1`. `unpublished`: operations that it leaves out. */
export function publicationQuery(version: number): string {
  const hasSchemas = 'EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid)';
  const ofSchemas = `UNION SELECT c.oid FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_publication_namespace s ON s.pnnspid = c.relnamespace WHERE s.pnpubid = p.oid`;
  return `
SELECT (puballtables${version >= FILTERS_SINCE ? ` OR ${hasSchemas}` : ''})::text AS is_whole, puballtables::text AS is_all, pubviaroot::text AS via_root,
  (SELECT json_agg(oid::int8) FROM (SELECT prrelid AS oid FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid
    ${version >= FILTERS_SINCE ? ofSchemas : ''}) AS member) AS members,
  ${version >= GENERATED_SINCE ? `(pubgencols = 's')::text` : 'NULL'} AS generated,
  to_json(array_remove(ARRAY[CASE WHEN NOT pubinsert THEN 'insert' END, CASE WHEN NOT pubupdate THEN 'update' END,
    CASE WHEN NOT pubdelete THEN 'delete' END, CASE WHEN NOT pubtruncate THEN 'truncate' END], NULL)) AS unpublished
FROM pg_catalog.pg_publication p WHERE pubname = $1`;
}

/** What {@link tablesQuery} asks for. */
export type Asked =
  /** Tables of the publication `$1`. */
  | 'published'
  /** The tables `$1`, an array of oids, as if they were published whole; `$2`: through their roots. */
  | 'as if published';

/**
 * One row per table. `columns` and `leaves` are JSON arrays of arrays.
 *
 * Membership is worked out from the system tables, because pg_get_publication_tables looks at what is committed now, even inside
 * of a snapshot: a table that was added just after the snapshot would be copied, though its changes until then are not sent. That
 * function still has its say, for servers that come to know other ways to leave out a table.
 */
export function tablesQuery(version: number, asked: Asked): string {
  const hasFilters = version >= FILTERS_SINCE;
  const isWhole = hasFilters
    ? `p.puballtables OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s
         WHERE s.pnpubid = p.oid AND s.pnnspid = c.relnamespace)`
    : 'true';
  const listed = hasFilters ? 'l.prattrs' : 'NULL::int2vector';
  const filter = hasFilters ? 'pg_get_expr(l.prqual, l.prrelid)' : 'NULL::text';
  const generated = version >= GENERATED_SINCE ? `p.pubgencols = 's' AND a.attgenerated = 's'` : 'false';
  return `
WITH RECURSIVE ${asked === 'published' ? membersOf(hasFilters) : AS_IF_MEMBERS},
branch AS (
  SELECT oid AS root, oid FROM member
  UNION SELECT b.root, i.inhrelid FROM branch b
    JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
),
published AS (
  SELECT DISTINCT b.oid FROM branch b CROSS JOIN publication p JOIN pg_catalog.pg_class c ON c.oid = b.oid
    LEFT JOIN (SELECT DISTINCT oid FROM branch WHERE oid <> root) AS under ON under.oid = b.oid
   WHERE CASE WHEN p.pubviaroot THEN under.oid IS NULL ELSE c.relkind = 'r' END
  ${asked === 'published' ? AS_THE_SERVER_SAYS : ''}
),
below AS (
  SELECT oid AS root, oid FROM published
  UNION SELECT b.root, i.inhrelid FROM below b
    JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
),
leaf AS MATERIALIZED (
  SELECT b.root, json_agg(json_build_array(b.oid::int8, f.relfilenode::int8,
      (SELECT md5(string_agg(a.xmin::text, ' ' ORDER BY a.attnum)) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = b.oid AND a.attnum > 0)) ORDER BY b.oid) AS leaves
    FROM below b JOIN pg_catalog.pg_class f ON f.oid = b.oid
   WHERE f.relkind <> 'p' GROUP BY b.root
)
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relreplident AS identity,
  ${filter} AS filter,
  ${listed} IS NOT NULL AS has_list,
  (SELECT json_agg(json_build_array(a.attname, a.atttypid::int8, a.atttypmod, coalesce(a.attnum = ANY (k.columns), false),
        t.typlen = -1 AND t.typstorage <> 'p') ORDER BY a.attnum)
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND CASE WHEN ${listed} IS NOT NULL THEN a.attnum = ANY (${listed}) ELSE a.attgenerated = '' OR ${generated} END) AS columns,
  (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum = ANY (k.columns)) AS key,
  k.sql AS key_identity,
  leaf.leaves
FROM published
CROSS JOIN publication p
JOIN pg_catalog.pg_class c ON c.oid = published.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_publication_rel l ON l.prrelid = c.oid AND l.prpubid = p.oid AND NOT (${isWhole})
LEFT JOIN leaf ON leaf.root = c.oid
LEFT JOIN LATERAL (
  SELECT (i.indkey::int2[])[0:i.indnkeyatts - 1] AS columns,
      CASE WHEN i.indisprimary THEN 'DEFAULT' ELSE 'USING INDEX ' || quote_ident(x.relname) END AS sql
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
   WHERE i.indrelid = c.oid AND ${namesRows('i')}
     AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident WHEN 'f' THEN true ELSE false END
   ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1
) k ON true
ORDER BY n.nspname, c.relname`;
}

const AS_THE_SERVER_SAYS =
  'INTERSECT SELECT g.relid FROM publication p, LATERAL pg_catalog.pg_get_publication_tables(p.pubname::text) g';

const AS_IF_MEMBERS = `
publication AS (SELECT 0::oid AS oid, false AS puballtables, $2::bool AS pubviaroot, 'n' AS pubgencols),
member AS (SELECT oid FROM unnest($1::oid[]) AS given(oid))`;

function membersOf(hasSchemas: boolean): string {
  const ofSchemas = `UNION SELECT c.oid FROM publishable c
    JOIN pg_catalog.pg_publication_namespace s ON s.pnnspid = c.relnamespace JOIN publication p ON p.oid = s.pnpubid`;
  return `
publication AS (SELECT * FROM pg_catalog.pg_publication WHERE pubname = $1),
publishable AS (
  SELECT oid, relnamespace FROM pg_catalog.pg_class
   WHERE relkind IN ('r', 'p') AND relpersistence = 'p' AND oid >= 16384
),
member AS (
  SELECT c.oid FROM publishable c JOIN publication p ON p.puballtables
  UNION SELECT r.prrelid FROM pg_catalog.pg_publication_rel r JOIN publication p ON p.oid = r.prpubid
  ${hasSchemas ? ofSchemas : ''}
)`;
}

/**
 * Condition on a row of pg_index: no two rows have the same key at any time, and every row has one. A constraint that is deferred lets a
 * transaction swap two keys, and its changes, taken one by one, would then delete a row that exists.
 */
export function namesRows(index: string): string {
  return `${index}.indisunique AND ${index}.indimmediate AND ${index}.indisvalid
     AND ${index}.indpred IS NULL AND ${index}.indexprs IS NULL
     AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_attribute e
        WHERE e.attrelid = ${index}.indrelid AND e.attnum = ANY ((${index}.indkey::int2[])[0:${index}.indnkeyatts - 1])
          AND (NOT e.attnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint v
            WHERE v.conrelid = e.attrelid AND v.contype = 'n' AND e.attnum = ANY (v.conkey) AND NOT v.convalidated)))`;
}

/**
 * What the text of values depends on beside their type, of the types `$1` (an array of oids) and all that they are made of: one row per
 * label of an enum, and one per composite type with its attributes. ALTER TYPE changes them without writing a row.
 */
export const TYPE_DETAILS_QUERY = `
WITH RECURSIVE part(root, oid) AS (
  SELECT oid, oid FROM unnest($1::oid[]) AS given(oid)
  UNION
  SELECT part.root, inner_type.oid FROM part JOIN pg_catalog.pg_type t ON t.oid = part.oid
   CROSS JOIN LATERAL (
     SELECT t.typbasetype WHERE t.typbasetype <> 0
     UNION ALL SELECT t.typelem WHERE t.typelem <> 0
     UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
     UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
       WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
   ) AS inner_type(oid)
)
SELECT part.root, 'label ' || e.oid AS what, e.enumlabel::text AS detail
  FROM part JOIN pg_catalog.pg_enum e ON e.enumtypid = part.oid
UNION ALL
SELECT part.root, 'composite ' || t.oid, string_agg(a.attnum || ' ' || a.atttypid || ' ' || a.atttypmod, ', ' ORDER BY a.attnum)
  FROM part JOIN pg_catalog.pg_type t ON t.oid = part.oid AND t.typtype = 'c'
  JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
 GROUP BY part.root, t.oid`;

/** Types that are not written as their name says: domains, arrays, and what has another delimiter than a comma in them. */
export const TYPES_QUERY = `
SELECT oid, typbasetype AS base, CASE WHEN typoutput = 'pg_catalog.array_out'::regproc THEN typelem ELSE 0 END AS element,
  typdelim AS delimiter
FROM pg_catalog.pg_type
WHERE typbasetype <> 0 OR typoutput = 'pg_catalog.array_out'::regproc OR typdelim <> ','`;
