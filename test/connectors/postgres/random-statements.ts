// Random SQL for the tables of the histories: rows with values small and out of line, keys that change, and shapes that change.

import type { Chance } from '../../../connectors/kit/chance.js';

/** Written last, so that whoever sees it has seen all. */
export const REST = 'UPDATE rest SET n = n + 1';

/** Replica identity by primary key, by all columns, by an index, and of partitions that are read through their root. */
export const HISTORY_TABLES = `
  CREATE TABLE a (id int PRIMARY KEY, n bigint, note text, doc jsonb, amount numeric(30,6), at timestamptz, tags text[]);
  ALTER TABLE a ALTER note SET STORAGE EXTERNAL, ALTER doc SET STORAGE EXTERNAL, ALTER tags SET STORAGE EXTERNAL;
  CREATE TABLE b (id int, part text, n int, note bytea, PRIMARY KEY (id, part));
  ALTER TABLE b ALTER note SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;
  CREATE TABLE c (id int NOT NULL, n int, note text);
  CREATE UNIQUE INDEX c_id ON c (id);
  ALTER TABLE c ALTER note SET STORAGE EXTERNAL, REPLICA IDENTITY USING INDEX c_id;
  CREATE TABLE p (id int, n int, note text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
  CREATE TABLE p_low PARTITION OF p FOR VALUES FROM (MINVALUE) TO (15);
  CREATE TABLE p_high PARTITION OF p FOR VALUES FROM (15) TO (MAXVALUE);
  ALTER TABLE p_low ALTER note SET STORAGE EXTERNAL;
  CREATE TABLE aside (id int PRIMARY KEY, n int);
  CREATE TABLE rest (id int PRIMARY KEY, n int);
  INSERT INTO rest VALUES (1, 1);
  CREATE PUBLICATION tailrace FOR TABLE a, b, c, p, rest WITH (publish_via_partition_root = true);
`;
/** What only transactions write that are rolled back. */
export const NEVER = 'never to be seen';
const KEYS = 30;

/** One change of rows. `from`: the least key, so that two sessions do not wait for each other. */
export function randomChange(chance: Chance, from = 0): string {
  const id = from + chance.pick(KEYS);
  const n = chance.pick(1_000_000);
  switch (chance.pick(12)) {
    case 0:
    case 1:
      return `INSERT INTO a (id, n, note, doc, amount, at, tags) VALUES (${id}, ${big(chance)}, ${text(chance)}, ${json(chance)},
        ${n}.25, '2026-01-31 08:00:00.${n}+01', ARRAY[${text(chance)}, NULL, 'x']) ON CONFLICT (id) DO UPDATE SET n = ${n}`;
    case 2:
      return `INSERT INTO b (id, part, n, note) SELECT g, '${chance.of(['x', 'y', '/é'])}', ${n}, convert_to(${text(chance)}, 'UTF8')
        FROM generate_series(${id}, ${id + 4}) g ON CONFLICT DO NOTHING`;
    case 3:
    case 4:
      return `INSERT INTO ${chance.of(['c', 'p'])} (id, n, note) SELECT g, ${n}, ${text(chance)}
        FROM generate_series(${id}, ${id + 4}) g ON CONFLICT DO NOTHING`;
    case 5:
      return `UPDATE ${table(chance)} SET n = n + 1 WHERE id BETWEEN ${id} AND ${id + 5}`;
    case 6:
      return `UPDATE a SET note = ${text(chance)} WHERE id = ${id}`;
    case 7:
      return `UPDATE a SET doc = ${json(chance)}, n = NULL WHERE id BETWEEN ${id} AND ${id + 2}`;
    case 8: // Into another partition, too
      return `UPDATE ${table(chance)} SET id = -1 - id WHERE id BETWEEN ${id} AND ${id + chance.pick(4)}`;
    case 9:
      return `UPDATE b SET part = part || 'z', n = ${n} WHERE id BETWEEN ${id} AND ${id + 9} AND length(part) < 20`;
    case 10:
      return `DELETE FROM ${table(chance)} WHERE id BETWEEN ${id} AND ${id + chance.pick(4)}`;
    default:
      return `INSERT INTO a (id, n) SELECT g, g FROM generate_series(${from}, ${from + KEYS - 1}) g ON CONFLICT (id)
        DO UPDATE SET n = a.n + 1, amount = NULL`;
  }
}

/** A change that is rolled back, and can be told when it shows. */
export function neverSeen(chance: Chance, from = 0): string {
  const id = from + chance.pick(KEYS);
  return `INSERT INTO a (id, note) VALUES (${id}, '${NEVER}') ON CONFLICT (id) DO UPDATE SET note = '${NEVER}'`;
}

/** A change of what tables there are and how they look. Fails where it makes no sense just now. */
export function randomDefinition(chance: Chance): string {
  const column = `x${chance.pick(3)}`;
  return chance.of([
    `ALTER TABLE ${table(chance)} ADD COLUMN ${column} int DEFAULT ${chance.pick(100)}`,
    `ALTER TABLE ${table(chance)} ADD COLUMN ${column} text`,
    `ALTER TABLE ${table(chance)} DROP COLUMN ${column}`,
    `ALTER TABLE ${table(chance)} RENAME COLUMN ${column} TO y`,
    `ALTER TABLE ${table(chance)} RENAME COLUMN y TO ${column}`,
    'ALTER TABLE a ALTER n TYPE numeric',
    'ALTER TABLE a ALTER n TYPE bigint',
    'ALTER TABLE b REPLICA IDENTITY DEFAULT',
    'ALTER TABLE b REPLICA IDENTITY FULL',
    'ALTER PUBLICATION tailrace DROP TABLE c',
    'ALTER PUBLICATION tailrace ADD TABLE c',
    'ALTER PUBLICATION tailrace ADD TABLE aside; INSERT INTO aside VALUES (1, 1) ON CONFLICT DO NOTHING',
    'ALTER TABLE aside RENAME TO beside',
    'ALTER TABLE beside RENAME TO aside',
    'DROP TABLE c; CREATE TABLE c (id int PRIMARY KEY, n int, note text); ALTER PUBLICATION tailrace ADD TABLE c',
    'TRUNCATE a',
    'TRUNCATE a, b, p',
    'TRUNCATE p_low',
  ]);
}

function table(chance: Chance): string {
  return chance.of(['a', 'b', 'c', 'p']);
}

/** Of a few bytes, or so many that they are stored out of line. */
function text(chance: Chance): string {
  const letters = `'${chance.pick(1_000)} é " \\'`;
  return chance.isOneOf(1, 2) ? letters : `repeat(${letters}, ${400 + chance.pick(400)})`;
}

function json(chance: Chance): string {
  return `jsonb_build_object('t', ${text(chance)}, 'n', ${chance.pick(1_000)}, 'none', NULL)`;
}

function big(chance: Chance): string {
  return chance.of(['9223372036854700001', '-9007199254740993', '12', 'NULL', '9007199254740991']);
}
