// Row C4: what servers and what is before them answer instead of a feed. Nothing of such a body is used.

import { describe, expect, test } from '@jest/globals';
import type { FeedParserSettings } from '../../../connectors/rest/format/feed-parser.js';
import { parserOf, readItems, refusalOf, TYPES } from './read-feed.js';

const GOOD = '{"items":[{"id":1},{"id":2}]}';
const page = '<!doctype html><html><body>Please log in</body></html>';

function refusal(
  body: string | Buffer,
  contentType: string = TYPES.json,
  settings: Partial<FeedParserSettings> = {},
): string {
  const parser = parserOf({ items: '/items', ...settings });
  return refusalOf(() => parser.read(Buffer.from(body as string), contentType));
}

describe('C4 a body is refused whole', () => {
  const bodies: readonly [what: string, body: string | Buffer, type: string, says: RegExp][] = [
    [
      'an HTML page with 200',
      page,
      'text/html; charset=utf-8',
      /Content-Type of the answer is text\/html, not application\/json/,
    ],
    ['an HTML page that says it is JSON', page, TYPES.json, /not JSON at byte 1 \(line 1\)/],
    ['cut off', GOOD.slice(0, -7), TYPES.json, /ends in the middle of its JSON, after 22 bytes/],
    ['another content type', GOOD, 'text/plain', /is text\/plain/],
    ['no content type', GOOD, '', /has no Content-Type/],
    ['a byte order mark', `\ufeff${GOOD}`, TYPES.json, /begins with a byte order mark/],
    ['UTF-16 with mark', Buffer.from(`\ufeff${GOOD}`, 'utf16le'), TYPES.json, /UTF-16/],
    ['UTF-16 big endian', Buffer.from(GOOD, 'utf16le').swap16(), TYPES.json, /UTF-16/],
    [
      'UTF-16 that says so',
      Buffer.from(GOOD, 'utf16le'),
      'application/json; charset=utf-16',
      /another charset/,
    ],
    [
      'not UTF-8',
      Buffer.from('{"items":[{"id":"\xe9"}]}', 'latin1'),
      TYPES.json,
      /not UTF-8 at byte 18 \(line 1\)/,
    ],
    [
      'not UTF-8 in the middle of items that are',
      Buffer.from('{"items":["\xc3\xa9","\xc3"]}', 'latin1'),
      TYPES.json,
      /not UTF-8 at byte 17 /,
    ],
    ['text behind it', `${GOOD}\n}`, TYPES.json, /not JSON at byte 31 \(line 2\)/],
    ['a second document', GOOD + GOOD, TYPES.json, /not JSON at byte 30/],
    ['NaN', '{"items":[{"id":1,"x":NaN}]}', TYPES.json, /not JSON at byte 23/],
    ['Infinity', '{"items":[{"id":1,"x":-Infinity}]}', TYPES.json, /not JSON at byte 24/],
    ['a comment', '{"items":[/* none */]}', TYPES.json, /not JSON at byte 11/],
    ['nesting without end', '['.repeat(1_000_000), TYPES.json, /nested too deep at byte 65/],
    [
      'an item nested too deep',
      `{"items":[${'['.repeat(63)}${']'.repeat(63)}]}`,
      TYPES.json,
      /nested too deep/,
    ],
    ['a list where an object should be', '[{"id":1}]', TYPES.json, /\/items in the body does not exist/],
    ['nothing where the list should be', '{"error":"try later"}', TYPES.json, /does not exist/],
    [
      'null where the list should be',
      '{"items":null}',
      TYPES.json,
      /\/items in the body is neither a list nor an object/,
    ],
    [
      'an object without key where the list should be',
      '{"items":{"error":1}}',
      TYPES.json,
      /one object that has no key/,
    ],
    ['empty', '', TYPES.json, /body is empty/],
    ['space only', ' \n', TYPES.json, /ends in the middle/],
  ];
  test.each(bodies)('%s', (_, body, type, says) => {
    expect(refusal(body, type)).toMatch(says);
  });

  test('a list where members were expected', () => {
    expect(refusal(GOOD, TYPES.json, { key: '{member}' })).toMatch(/have no names for \{member\}/);
    expect(refusal('[]x', TYPES.json, { key: '{member}', items: '' })).toMatch(/not JSON/);
  });

  test('an empty body, or one that is not UTF-8, in every format', () => {
    for (const format of ['json', 'ndjson', 'csv', 'xml'] as const) {
      const settings = { format, items: format === 'xml' ? '/a/b' : '' };
      expect(refusal('', TYPES[format], settings)).toMatch(/empty/);
      expect(refusal(Buffer.from([0x22, 0xff, 0x22]), TYPES[format], settings)).toMatch(
        /not UTF-8 at byte 2/,
      );
      expect(refusal('x', 'image/png', settings)).toMatch(/image\/png/);
    }
  });
});

describe('C6 a member name that stands twice', () => {
  test('is refused wherever it is, however it is spelled', () => {
    const twice = [
      '{"items":[{"id":1,"id":2}]}',
      '{"items":[{"id":1,"i\\u0064":1}]}',
      '{"items":[{"id":1,"x":{"y":{"é":1,"\\u00e9":1}}}]}',
      '{"items":[],"items":[{"id":1}]}',
      '{"meta":{"a":1,"a":1},"items":[]}',
      '{"items":[{"id":1,"__proto__":1,"__proto__":2}]}',
    ];
    for (const body of twice) expect(refusal(body)).toMatch(/has a member twice/);
  });

  test('is no such thing in two objects', () => {
    expect(readItems('[{"id":1,"x":{"id":2}},{"id":3}]').map(([key]) => key)).toEqual(['1', '3']);
  });

  test('is refused as a key of members', () => {
    const message = refusal('{"items":{"a":1,"b":2,"\\u0061":3}}', TYPES.json, { key: '{member}' });
    expect(message).toMatch(/has a member twice/);
  });
});

describe('what costs one item alone goes on as a record', () => {
  test('__proto__ as a member, and as a key, harm nothing here', () => {
    const items = readItems('[{"id":1,"__proto__":{"polluted":true}},{"id":"__proto__"}]');
    expect(items.map(([key]) => key)).toEqual(['1', '__proto__']);
    expect(items[0]?.[1]).toBe('{"id":1,"__proto__":{"polluted":true}}');
    expect(readItems('{"__proto__":1,"constructor":2}', { key: '{member}' }).map(([key]) => key)).toEqual([
      '__proto__',
      'constructor',
    ]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('numbers stand as they are written, however large', () => {
    const number = `${'9'.repeat(5_000)}e${'9'.repeat(50)}`;
    expect(readItems(`[{"id":1,"n":${number}}]`)).toEqual([['1', `{"id":1,"n":${number}}`]]);
  });

  test('thousands of members in one item, and a million in all of the body', () => {
    const members = Array.from({ length: 30_000 }, (_, i) => `"m${i}":0`).join(',');
    expect(readItems(`[{"id":1,${members}}]`)).toHaveLength(1);
    const others = '{"a":1,"b":2,"c":3,"d":4,"e":5},'.repeat(60_000);
    expect(readItems(`{"others":[${others}0],"items":[{"id":1}]}`, { items: '/items' })).toHaveLength(1);
  });
});

test('50,001 items are refused, 50,000 are read', () => {
  const item = '{"id":1},';
  expect(readItems(`[${item.repeat(49_999)}{"id":2}]`)).toHaveLength(50_000);
  expect(refusalOf(() => readItems(`[${item.repeat(50_000)}{"id":2}]`))).toMatch(/more than 50000 items/);
});

describe('content types', () => {
  const accepted: readonly [FeedParserSettings['format'], readonly string[]][] = [
    [
      'json',
      [
        'application/json',
        'APPLICATION/JSON ; Charset="UTF-8"',
        'application/geo+json',
        'application/vnd.api+json;v=1',
      ],
    ],
    ['ndjson', ['application/x-ndjson', 'application/jsonl', 'application/ndjson']],
    ['csv', ['text/csv', 'text/csv; header=present; charset=us-ascii']],
    ['xml', ['application/xml', 'text/xml; charset=utf8', 'application/rss+xml']],
  ];
  const bodies = { json: '[]', ndjson: '\n', csv: 'id\n', xml: '<a/>' };

  test.each(accepted)('of %s are those that say so', (format, types) => {
    const items = format === 'xml' ? '/a/b' : '';
    for (const type of types)
      expect(parserOf({ format, items }).read(Buffer.from(bodies[format]), type).count).toBe(0);
    for (const type of ['application/json-seq', 'text/html', 'text/csvx', 'x', 'application/+xml+json2']) {
      expect(refusal(bodies[format], type, { format, items })).toMatch(/contentType: any/);
    }
    expect(refusal(bodies[format], `${types[0]}; charset=iso-8859-1`, { format, items })).toMatch(/charset/);
  });

  test('are not looked at where any will do', () => {
    const parser = parserOf({ contentType: 'any' });
    for (const type of [undefined, '', 'text/html', 'text/plain; charset=latin1']) {
      expect(parser.read(Buffer.from('[]'), type).count).toBe(0);
    }
  });

  test('that are no type at all are not repeated in the message', () => {
    expect(refusal(GOOD, 'text/html\u0007<script>')).toMatch(/no media type at all/);
  });
});
