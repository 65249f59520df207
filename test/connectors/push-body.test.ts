// What a push source makes of the bytes of a request: against JSON.parse, on bodies that people write and on those that nobody does.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parseBody, type BodyForm, type PushedBody } from '../../connectors/push/pushed-body.js';
import type { PushedRecord } from '../../connectors/push/pushed-record.js';
import { spacedJson } from '../json/spaced-json.js';
import { isLong } from '../support/long.js';

const RUNS = isLong ? 5_000 : 500;

function records(body: PushedBody): readonly PushedRecord[] {
  if (!body.ok) throw new Error(JSON.stringify(body.mistake));
  return body.records;
}

const parse = (body: string | Buffer, form: BodyForm = 'json', most = 1_000): PushedBody =>
  parseBody(Buffer.from(body as string), form, most);

describe('a record', () => {
  test('has key and value as they stand: numbers keep their digits, space within a value stays', () => {
    const body = ' { "value" : {"id": 12345678901234567890, "x":1.10 } , "key":"EU\\u0052USD" } ';
    const [record] = records(parse(body));
    expect(record?.key?.toString()).toBe('EURUSD');
    expect(record?.value?.toString()).toBe('{"id": 12345678901234567890, "x":1.10 }');
    expect(record).toMatchObject({ headers: undefined, timestampMs: -1 });
  });

  test('has any JSON as key, without its space; none where there is none or null', () => {
    const keyOf = (key: string) => records(parse(`{"key":${key},"value":1}`))[0]?.key?.toString();
    expect(keyOf('{ "id": 12345678901234567890, "a": [1, "x y"] }')).toBe(
      '{"id":12345678901234567890,"a":[1,"x y"]}',
    );
    expect(['17', 'true', '""', '"€"'].map(keyOf)).toEqual(['17', 'true', '', '€']);
    expect(keyOf('null')).toBeUndefined();
    expect(records(parse('{"value":1}'))[0]?.key).toBeNull();
  });

  test('has the bytes of a text as value where its encoding says so', () => {
    const valueOf = (value: string, encoding: string) =>
      records(parse(`{"value":${value},"encoding":"${encoding}"}`))[0]?.value;
    expect(valueOf('"a\\n€"', 'text')?.toString()).toBe('a\n€');
    expect(valueOf('"AAECw/8="', 'base64')).toEqual(Buffer.from([0, 1, 2, 0xc3, 0xff]));
    expect(valueOf('"AA=="', 'json')?.toString()).toBe('"AA=="');
    expect(valueOf('""', 'base64')).toEqual(Buffer.alloc(0));
  });

  test('has headers in the order in which they stand, and a time', () => {
    const body =
      '{"key":"a","value":null,"headers":{"b":"1","a":"2","__proto__":"3"},"timestamp":1700000000000}';
    const [record] = records(parse(body));
    expect(record?.value).toBeNull();
    expect(record?.timestampMs).toBe(1_700_000_000_000);
    expect(record?.headers?.map(({ name, value }) => `${name}=${value?.toString()}`)).toEqual([
      'b=1',
      'a=2',
      '__proto__=3',
    ]);
  });

  const mistakes: [string, RegExp][] = [
    ['{"key":"a"}', /"value" is missing/],
    ['{"value":null}', /there is no key/],
    ['{"key":null,"value":null}', /there is no key/],
    ['{"value":1,"value":2}', /"value" stands twice/],
    ['{"value":1,"v\\u0061lue":2}', /"value" stands twice/],
    ['{"value":1,"vaule":2}', /no other members/],
    ['{"value":1,"__proto__":2}', /no other members/],
    ['{"value":1,"key":"\\ud800"}', /half a character/],
    ['{"value":"\\udc00","encoding":"text"}', /half a character/],
    ['{"value":1,"encoding":"text"}', /must be a text/],
    ['{"value":{},"encoding":"base64"}', /must be a text/],
    ['{"value":"a","encoding":"base64"}', /not base64/],
    ['{"value":"a-_=","encoding":"base64"}', /not base64/],
    ['{"value":"a","encoding":"gzip"}', /"encoding" is one of/],
    ['{"value":"a","encoding":["text"]}', /"encoding" is one of/],
    ['{"value":1,"headers":[]}', /"headers" must be/],
    ['{"value":1,"headers":{"a":1}}', /"headers" must be/],
    ['{"value":1,"headers":{"a":"1","a":"2"}}', /header stands twice/],
    ['{"value":1,"headers":{"\\ud800":"2"}}', /half a character/],
    ['{"value":1,"timestamp":-1}', /"timestamp" must be/],
    ['{"value":1,"timestamp":1.5}', /"timestamp" must be/],
    ['{"value":1,"timestamp":"2026-01-01"}', /"timestamp" must be/],
    ['{"value":1,"timestamp":1e300}', /"timestamp" must be/],
    ['{"value":1,"timestamp":null}', /"timestamp" must be/],
    ['17', /a record is an object/],
    ['[[]]', /a record is an object/],
    ['null', /a record is an object/],
  ];
  test.each(mistakes)('%s is a mistake, in a list and in a line as well', (body, says) => {
    const alone = parse(body);
    expect(alone).toMatchObject({ ok: false, mistake: { code: 'malformed', index: 0 } });
    expect(alone.ok ? '' : alone.mistake.message).toMatch(says);
    if (body.startsWith('[')) return;
    const expected = { ok: false, mistake: { code: 'malformed', index: 1 } };
    expect(parse(`[{"value":1}, ${body}]`)).toMatchObject(expected);
    expect(parse(`{"value":1}\n\n${body}\n`, 'lines')).toMatchObject(expected);
  });
});

describe('a body', () => {
  test('is a record, a list, or lines; empty lines and the last line end say nothing', () => {
    const values = (body: PushedBody) => records(body).map(({ value }) => value?.toString());
    expect(values(parse('[]'))).toEqual([]);
    expect(values(parse(' [ {"value":1} , {"value":2}\n] '))).toEqual(['1', '2']);
    expect(values(parse('{"value":1}\r\n{"value":[ 2 ]}', 'lines'))).toEqual(['1', '[ 2 ]']);
    expect(values(parse('\n \n{"value":1}\n\n', 'lines'))).toEqual(['1']);
    expect(values(parse('', 'lines'))).toEqual([]);
  });

  test('that is not UTF-8, has a byte order mark, or is not JSON, is a mistake of no record', () => {
    const bodies = [
      Buffer.from([0x22, 0xff, 0x22]),
      '\ufeff{"value":1}',
      '',
      '{',
      '{"value":1}{"value":1}',
      '[{"value":1},]',
    ];
    for (const body of bodies) {
      const parsed = parse(body);
      expect(parsed).toMatchObject({ ok: false, mistake: { code: 'malformed' } });
      expect(parsed.ok ? {} : parsed.mistake).not.toHaveProperty('index');
    }
    expect(parse('{"value":1}\n[', 'lines')).toMatchObject({
      mistake: { index: 1, message: 'the line is not JSON' },
    });
  });

  test('has at most so many records: at the limit all are taken, with one more none', () => {
    const lines = (n: number) => '{"value":1}\n'.repeat(n);
    expect(records(parse(lines(3), 'lines', 3))).toHaveLength(3);
    expect(parse(lines(4), 'lines', 3)).toMatchObject({ ok: false, mistake: { code: 'too_many_records' } });
    expect(parse(`[${'{"value":1},'.repeat(3)}{"value":1}]`, 'json', 3)).toMatchObject({ ok: false });
  });

  test('with values of any JSON has those bytes, whatever stands around them', () => {
    const property = (values: readonly string[], form: BodyForm): void => {
      const valid = values.filter((value) => form === 'json' || !/[\r\n]/.test(value));
      const written = valid.map((value) => `{"key":"k", "value":${value} ,"timestamp":5}`);
      const body = form === 'json' ? `[${written.join(' , ')}]` : written.join('\n');
      const expected = valid.map((value) => (value.trim() === 'null' ? undefined : value.trim()));
      expect(records(parse(body, form)).map(({ value }) => value?.toString())).toEqual(expected);
    };
    fc.assert(fc.property(fc.array(spacedJson), fc.constantFrom<BodyForm>('json', 'lines'), property), {
      numRuns: RUNS,
    });
  });

  test('of any bytes is taken whole or refused, and never throws; what is taken is what JSON.parse says', () => {
    const good =
      '[{"key":"a","value":{"x":[1,2,{"y":"z"}]},"headers":{"h":"v"},"timestamp":1},{"key":{"a":1},"value":null}]';
    const broken = fc
      .tuple(fc.nat(good.length), fc.nat(4), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([at, cut, text]) => good.slice(0, at) + text + good.slice(at + cut));
    const property = (written: string | Uint8Array): void => {
      const body = Buffer.from(written as string);
      const parsed = parseBody(body, 'json', 1_000);
      if (!parsed.ok) return;
      const all: unknown = JSON.parse(body.toString());
      const plain = (Array.isArray(all) ? all : [all]) as readonly { readonly value: unknown }[];
      expect(parsed.records.map(({ value }) => JSON.parse(value?.toString() ?? 'null') as unknown)).toEqual(
        plain.map(({ value }) => value),
      );
    };
    fc.assert(fc.property(fc.oneof(broken, fc.uint8Array()), property), { numRuns: 4 * RUNS });
  });

  test('that is nested as deep as it may be long is no trouble', () => {
    const depth = 400_000;
    const [record] = records(parse(`{"value":${'['.repeat(depth)}${']'.repeat(depth)}}`));
    expect(record?.value?.length).toBe(2 * depth);
  });
});
