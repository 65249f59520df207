// Values that other ways of reading Postgres get wrong, and the JSON that we promise for each.

/** Types that the values below need. */
export const ODD_TYPES = `
  CREATE TYPE mood AS ENUM ('sad', 'so so');
  CREATE TYPE pair AS (a int, b text);
  CREATE TYPE span AS RANGE (subtype = timestamptz);
  CREATE DOMAIN positive AS int8 CHECK (VALUE > 0);
  CREATE DOMAIN words AS text[];
  CREATE DOMAIN document AS jsonb;
  CREATE DOMAIN moment AS timestamptz;`;

/** The type of the column, the value as an SQL expression, its JSON. */
export type OddValue = readonly [type: string, sql: string, json: string];

const numbers: readonly OddValue[] = [
  ['bool', 'true', 'true'],
  ['bool', 'false', 'false'],
  ['int2', '-32768', '-32768'],
  ['int4', '-2147483648', '-2147483648'],
  ['int8', '9007199254740993', '9007199254740993'],
  ['int8', '-9223372036854775808', '-9223372036854775808'],
  ['oid', '4294967295', '4294967295'],
  ['positive', '9223372036854775807', '9223372036854775807'],
  ['float4', '0.1', '0.1'],
  ['float4', "'3.4028235e38'", '3.4028235e+38'],
  ['float4', "'NaN'", '"NaN"'],
  ['float8', '0.1::float8 + 0.2::float8', '0.30000000000000004'],
  ['float8', "'5e-324'", '5e-324'],
  ['float8', "'1.7976931348623157e308'", '1.7976931348623157e+308'],
  ['float8', "'-0'", '-0'],
  ['float8', "'Infinity'", '"Infinity"'],
  ['float8', "'-Infinity'", '"-Infinity"'],
  ['numeric', '12.3400', '"12.3400"'],
  ['numeric(10,4)', '12.34', '"12.3400"'],
  [
    'numeric',
    '10000000000000000000000000000000000000000.10',
    '"10000000000000000000000000000000000000000.10"',
  ],
  ['numeric', "'NaN'", '"NaN"'],
  ['numeric', "'-Infinity'", '"-Infinity"'],
  ['money', "'$-1000.50'", '"-$1,000.50"'],
];

const texts: readonly OddValue[] = [
  ['char(5)', "'ab'", '"ab   "'],
  ['char(3)', "''", '"   "'],
  ['"char"', "'x'", '"x"'],
  ['varchar(5)', "'ab  '", '"ab  "'],
  ['name', "'ab'", '"ab"'],
  ['text', "''", '""'],
  ['text', "'NULL'", '"NULL"'],
  ['text', "E'\\\\N'", '"\\\\N"'],
  ['text', "E'\\b\\f\\n\\r\\t\\x0b\\x01\\x7f\"\\\\'", '"\\b\\f\\n\\r\\t\\u000b\\u0001\u007f\\"\\\\"'],
  ['text', "'größe 🎉'", '"größe 🎉"'],
  ['mood', "'so so'", '"so so"'],
  ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'],
  ['inet', "'192.168.0.1/24'", '"192.168.0.1/24"'],
  ['cidr', "'10.0.0.0/8'", '"10.0.0.0/8"'],
  ['macaddr', "'08:00:2b:01:02:03'", '"08:00:2b:01:02:03"'],
  ['bit(4)', "B'0101'", '"0101"'],
  ['varbit', "B''", '""'],
  ['bytea', "'\\xdeadbeef'", '"3q2+7w=="'],
  ['bytea', "''", '""'],
  ['point', "'(1.5,-2)'", '"(1.5,-2)"'],
  ['box', "'(1,1),(2,2)'", '"(2,2),(1,1)"'],
  ['tsvector', "'a:1 b:2'", `"'a':1 'b':2"`],
  ['pg_lsn', "'0/16B3748'", '"0/16B3748"'],
  ['regclass', "'pg_catalog.pg_class'", '"pg_class"'],
  ['pair', 'ROW(1, \'a "b"\')', '"(1,\\"a \\"\\"b\\"\\"\\")"'],
  ['int4range', "'[1,10]'", '"[1,11)"'],
  ['numrange', "'empty'", '"empty"'],
  ['int4multirange', "'{[1,3),[5,6)}'", '"{[1,3),[5,6)}"'],
  ['span', "'[2026-01-31 08:00:00+00,)'", '"[\\"2026-01-31 08:00:00+00\\",)"'],
];

const times: readonly OddValue[] = [
  ['timestamptz', "'2026-01-31 10:00:00.123456+02'", '"2026-01-31T08:00:00.123456Z"'],
  ['moment', "'2026-01-31 08:00:00+00'", '"2026-01-31T08:00:00Z"'],
  ['timestamptz', "'infinity'", '"infinity"'],
  ['timestamptz', "'-infinity'", '"-infinity"'],
  ['timestamptz', "'0044-03-15 00:00:00+00 BC'", '"0044-03-15 00:00:00+00 BC"'],
  ['timestamptz', "'12026-01-31 08:00:00+00'", '"12026-01-31 08:00:00+00"'],
  ['timestamptz(0)', "'2026-01-31 08:00:00.6+00'", '"2026-01-31T08:00:01Z"'],
  ['timestamp', "'2026-01-31 08:00:00.1'", '"2026-01-31T08:00:00.1"'],
  ['timestamp', "'0044-03-15 00:00:00 BC'", '"0044-03-15 00:00:00 BC"'],
  ['timestamp', "'-infinity'", '"-infinity"'],
  ['date', "'2026-01-31'", '"2026-01-31"'],
  ['date', "'infinity'", '"infinity"'],
  ['date', "'0044-03-15 BC'", '"0044-03-15 BC"'],
  ['time', "'24:00:00'", '"24:00:00"'],
  ['time', "'08:00:00.123456'", '"08:00:00.123456"'],
  ['timetz', "'08:00:00+02'", '"08:00:00+02"'],
  ['interval', "'1 year 2 mons -3 days 04:05:06.7'", '"P1Y2M-3DT4H5M6.7S"'],
  ['interval', "'0'", '"PT0S"'],
];

const documents: readonly OddValue[] = [
  ['json', `E'{"b": 1,\\n "a": 12345678901234567890}'`, '{"b": 1,\n "a": 12345678901234567890}'],
  ['json', `'"\\u00e9\\n"'`, '"\\u00e9\\n"'],
  ['jsonb', `'{"b":1.50, "a":[1e3, "é\\t"]}'`, '{"a": [1000, "é\\t"], "b": 1.50}'],
  ['jsonb', "'null'", 'null'],
  ['document', `'{"a":1}'`, '{"a": 1}'],
];

const arrays: readonly OddValue[] = [
  ['int4[]', "'{}'", '[]'],
  ['int4[]', "'{1,NULL,3}'", '[1,null,3]'],
  ['int4[][]', "'{{1,2},{3,4}}'", '[[1,2],[3,4]]'],
  ['int4[]', "'[2:3]={1,2}'", '[1,2]'],
  ['int4[]', "'[-1:0][5:5]={{1},{2}}'", '[[1],[2]]'],
  [
    'text[]',
    `ARRAY['', 'NULL', NULL, 'a"b', 'c\\d', '{}', 'e,f', ' g', 'é']`,
    '["","NULL",null,"a\\"b","c\\\\d","{}","e,f"," g","é"]',
  ],
  ['words', "ARRAY['a b']", '["a b"]'],
  ['words[]', "ARRAY[ARRAY['a b', 'c\"']::words, NULL, '{}'::words]", '[["a b","c\\""],null,[]]'],
  ['mood[]', "ARRAY['so so', 'sad']::mood[]", '["so so","sad"]'],
  ['positive[]', 'ARRAY[9007199254740993]::positive[]', '[9007199254740993]'],
  ['box[]', "ARRAY['(1,1),(2,2)', '(3,3),(4,4)']::box[]", '["(2,2),(1,1)","(4,4),(3,3)"]'],
  ['bool[]', 'ARRAY[true, false, NULL]', '[true,false,null]'],
  ['float8[]', "ARRAY['NaN', 1.5, '-Infinity']::float8[]", '["NaN",1.5,"-Infinity"]'],
  ['numeric[]', 'ARRAY[1.10, 2]', '["1.10","2"]'],
  ['char(3)[]', "ARRAY['a']::char(3)[]", '["a  "]'],
  ['money[]', "ARRAY['1000']::money[]", '["$1,000.00"]'],
  ['bytea[]', "ARRAY['\\xff'::bytea, '']", '["/w==",""]'],
  [
    'timestamptz[]',
    "ARRAY['2026-01-31 08:00:00.5+00', 'infinity']::timestamptz[]",
    '["2026-01-31T08:00:00.5Z","infinity"]',
  ],
  ['interval[]', "ARRAY['1 day']::interval[]", '["P1D"]'],
  ['json[]', `ARRAY['{"a": "\\""}', 'null', NULL]::json[]`, '[{"a": "\\""},null,null]'],
  ['pair[]', "ARRAY[ROW(1, 'a,b')]::pair[]", '["(1,\\"a,b\\")"]'],
  ['int4range[]', "ARRAY['[1,2)']::int4range[]", '["[1,2)"]'],
  ['int2vector', "'1 2'", '"1 2"'],
  ['oidvector', "'3 4'", '"3 4"'],
];

export const ODD_VALUES: readonly OddValue[] = [...numbers, ...texts, ...times, ...documents, ...arrays];
