// What `tailrace init` makes of records: formats, paths, and a text that check accepts whatever topics are called.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceRecord } from '../../connectors/contract.js';
import { connectors } from '../../connectors/registry.js';
import { chosenTopics } from '../../src/cli/starter/chosen-topics.js';
import { fitOf } from '../../src/cli/starter/fit.js';
import { starterText } from '../../src/cli/starter/starter-text.js';
import { guessTopic, type TopicGuess } from '../../src/cli/starter/topic-guess.js';
import { pathsOf, sourceNames } from '../../src/cli/starter/topic-names.js';
import type { TopicSample } from '../../src/cli/starter/topic-sample.js';
import { loadConfig } from '../../src/config/load.js';
import { parseFilter, intersects, type Filter } from '../../src/topic/filter.js';
import { tailrace, filesWith } from './command.js';
import { isLong } from '../support/long.js';

const TRIAL = { connectors, env: {}, registry: undefined };
type Written = readonly [key: unknown, value: unknown, headers?: Record<string, string>];

const bytesOf = (part: unknown): Buffer | null => {
  if (part === null || Buffer.isBuffer(part)) return part;
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
};

function sampleOf(
  topic: string,
  records: readonly Written[],
  isCompacted: boolean | undefined = false,
): TopicSample {
  const whole = records.map(([key, value, headers = {}], offset): SourceRecord => ({
    key: bytesOf(key),
    value: bytesOf(value),
    headers: Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) })),
    timestampMs: 1,
    offset,
  }));
  return { topic, partitions: 1, isCompacted, records: whole, trouble: undefined };
}

function guess(topic: string, records: readonly Written[], isCompacted?: boolean): Promise<TopicGuess> {
  return guessTopic(sampleOf(topic, records, isCompacted), TRIAL);
}

function configOf(guesses: readonly TopicGuess[], text = textOf(guesses)) {
  const { config, findings } = loadConfig({ name: 'made.yaml', text }, connectors, { kind: 'offline' });
  expect(findings).toEqual([]);
  return config!;
}

function textOf(guesses: readonly TopicGuess[]): string {
  return starterText({ access: { brokers: ['kafka:9092'] }, registry: undefined, guesses });
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe('formats', () => {
  test.each<[string, Written[], string, string]>([
    ['JSON under text', [['EURUSD', { bid: 1 }]], 'string', 'json'],
    ['JSON under JSON', [[{ a: 1 }, { bid: 1 }]], 'json', 'json'],
    ['JSON under a JSON text', [['"a"', '7']], 'json', 'json'],
    [
      'text',
      [
        ['a', 'hello'],
        ['b', 'you'],
      ],
      'string',
      'string',
    ],
    ['bytes', [['a', Buffer.from([1, 2, 0xff])]], 'string', 'bytes'],
    ['keys of bytes', [[Buffer.from([0, 0, 0, 0, 0, 0, 0, 7]), { a: 1 }]], 'bytes', 'json'],
    [
      'schemas that nobody named a registry for',
      [['a', Buffer.from([0, 0, 0, 0, 7, 2, 0x41])]],
      'string',
      'bytes',
    ],
    ['deletes only', [['a', null]], 'string', 'json'],
    [
      'mostly JSON',
      [
        ['a', { a: 1 }],
        ['b', { a: 1 }],
        ['c', 'oops'],
      ],
      'string',
      'json',
    ],
  ])('%s', async (_what, records, key, value) => {
    expect(await guess('t', records)).toMatchObject({ keyFormat: key, valueFormat: value });
  });

  test('what does not fit is said', async () => {
    const { notes } = await guess('t', [
      ['a', { a: 1 }],
      ['b', { a: 1 }],
      ['c', 'oops'],
    ]);
    expect(notes).toEqual([expect.stringContaining('1 of 3 values that were looked at are not json')]);
    const framed = await guess('t', [['a', Buffer.from([0, 0, 0, 0, 7, 2, 0x41])]]);
    expect(framed.notes).toEqual([expect.stringContaining('init was not told which (--registry)')]);
  });
});

describe('what tells objects apart', () => {
  const quotes = (key: (i: number) => unknown): Written[] =>
    times(20, (i) => [key(i), { symbol: `S${i % 5}`, id: undefined, bid: i, ts: 1_700_000_000_000 + i }]);

  test.each<[string, Written[], string]>([
    ['a key that is text', [['EURUSD', { bid: 1.5 }]], '{key}'],
    ['a key, also where the value repeats it', quotes((i) => `S${i % 5}`), '{key}'],
    ['the fields of a key', [[{ region: 'EU', id: 7 }, { total: 1 }]], '{key.region}/{key.id}'],
    ['without keys: a field that looks like it', quotes(() => null), '{value.symbol}'],
    ['its id before others', [[null, { customer_id: 1, id: 2, name: 'x' }]], '{value.id}'],
    ["the topic's own id before others", [[null, { customer_id: 1, order_id: 2 }]], '{value.order_id}'],
    [
      'a field that repeats, where every record has a key of its own',
      quotes((i) => `uuid-${i}`),
      '{value.symbol}',
    ],
    ['a field, where keys are no single value', [[[1, 2], { id: 7 }]], '{value.id}'],
    ['nothing', [[null, { total: 1.5 }]], 'latest'],
    [
      'nothing that a path can hold',
      [
        [null, { id: { deep: 1 } }],
        [null, { id: '' }],
      ],
      'latest',
    ],
  ])('%s', async (_what, records, path) => {
    expect((await guess('orders', records)).path).toBe(path);
  });

  test('a compacted topic is by key, however often fields come again', async () => {
    expect(
      (
        await guess(
          'orders',
          quotes((i) => `uuid-${i}`),
          true,
        )
      ).path,
    ).toBe('{key}');
  });

  test('that one key stands for several objects is said', async () => {
    const { path, notes } = await guess(
      'orders',
      times(4, (i) => ['EU', { id: i }]),
    );
    expect([path, notes]).toEqual(['{key}', [expect.stringContaining('Records of one key differ in id')]]);
  });

  test('times are offered to be ignored', async () => {
    const value = {
      ts: 1_700_000_000,
      updatedAt: '2026-01-31T08:00:00Z',
      createdAt: 'monday',
      total: 7e9,
      at: 5,
    };
    expect((await guess('orders', [['1', value]])).timeFields).toEqual(['/ts', '/updatedAt']);
  });
});

describe('names', () => {
  test('paths of topics never meet', () => {
    const word = fc.constantFrom('a', 'b', 'orders', '_x', '-');
    const topic = fc
      .array(fc.oneof(word, fc.constant('')), { minLength: 1, maxLength: 4 })
      .map((words) => words.join('.'));
    const rest = fc.constantFrom('{key}', '{key.a}/{key.b}', 'latest', '{value.id}');
    const topics = fc.uniqueArray(fc.tuple(topic, rest), {
      minLength: 1,
      maxLength: 12,
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(topics, (all) => {
        const legal = all.filter(([name]) => name !== '' && name !== '.' && name !== '..');
        const paths = pathsOf(legal.map(([name, end]) => ({ topic: name, rest: end })));
        const filters = [...paths.values()].map((path) => path.replace(/\{[^}]*\}/g, '*') as Filter);
        for (const [i, one] of filters.entries()) {
          expect(parseFilter(one).ok).toBe(true);
          for (const other of filters.slice(0, i)) expect(intersects(one, other)).toBe(false);
        }
      }),
    );
  });

  test('a dot is a slash, but where that would lead into the paths of another topic', () => {
    const paths = pathsOf([
      { topic: 'orders.eu', rest: '{key}' },
      { topic: 'orders', rest: '{key.a}/{key.b}' },
      { topic: 'fx.quotes', rest: '{key}' },
      { topic: 'fx..quotes', rest: '{key}' },
    ]);
    expect(Object.fromEntries(paths)).toEqual({
      orders: 'orders/{key.a}/{key.b}',
      'orders.eu': 'orders.eu/{key}',
      'fx.quotes': 'fx/quotes/{key}',
      'fx..quotes': 'fx..quotes/{key}',
    });
  });

  test('sources have names of their own', () => {
    const long = 'x'.repeat(249);
    const names = [...sourceNames(['fx.quotes', 'fx-quotes', '7up', '___', long, `${long}.y`]).values()];
    expect(names.slice(0, 4)).toEqual(['fx-quotes', 'fx-quotes-2', 'topic-7up', 'topic-___']);
    for (const name of names) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the configuration', () => {
  test('is accepted whatever topics, keys and fields are called', async () => {
    const topic = fc.stringMatching(/^[A-Za-z0-9._-]{1,40}$/).filter((name) => name !== '.' && name !== '..');
    const name = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('id', 'on', 'a.b', '}', '__proto__', 'ts'),
    );
    const document = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(name, fc.oneof(fc.integer(), fc.string(), fc.constant(1_700_000_000))),
    );
    const record = fc.tuple(fc.oneof(fc.string(), document, fc.constant(null)), document);
    const some = fc.uniqueArray(
      fc.tuple(topic, fc.array(record, { maxLength: 4 }), fc.option(fc.boolean())),
      {
        ...{ minLength: 1, maxLength: 6, selector: ([of]: [string, ...unknown[]]) => of },
      },
    );
    await fc.assert(
      fc.asyncProperty(some, async (topics) => {
        const guesses: TopicGuess[] = [];
        for (const [of, records, isCompacted] of topics)
          guesses.push(await guessTopic(sampleOf(of, records, isCompacted ?? undefined), TRIAL));
        const text = textOf(guesses);
        const config = configOf(guesses, text);
        expect(config.sources.map(({ options }) => options.reveal()['topics'])).toEqual(
          topics.map(([of]) => [of]),
        );
        expect(text).toMatch(/^[\n\x20-\x7e]*$/);
      }),
      { numRuns: isLong ? 200 : 15 },
    );
  });

  test('sends records to the paths that it says, and holds nothing of their data', async () => {
    const records: Written[] = times(30, (i) => [`cAnArY-${i}`, { kind: 'cAnArY', ts: 1_700_000_000 + i }]);
    const sample = sampleOf('fx.quotes', records, true);
    const guesses = [await guessTopic(sample, TRIAL)];
    const text = textOf(guesses);
    expect(text).toContain("- path: 'fx/quotes/{key}'\n        # ignore: [/ts] # then");
    expect(text).not.toContain('cAnArY');
    const { sources, ...config } = configOf(guesses, text);
    expect(await fitOf(sources[0]!, config, sample)).toBe(
      'fx-quotes: 30 records, 30 go to paths such as fx/quotes/cAnArY-0',
    );
  });

  test('says what becomes of paths: compacted, not, unknown, empty', async () => {
    const said = async (isCompacted: boolean | undefined) =>
      textOf([await guess('t', [['a', { x: 1 }]], isCompacted)]).replace(/\n\s*# /g, ' ');
    expect(await said(true)).toContain('It is compacted: every key is there again after a restart');
    expect(await said(false)).toContain(
      'It is not compacted: after a restart those paths are there whose records Kafka still has',
    );
    expect(textOf([await guessTopic(sampleOf('t', [], undefined), TRIAL)])).toContain(
      'no records were found',
    );
    expect(textOf([await guessTopic({ ...sampleOf('t', []), isCompacted: undefined }, TRIAL)])).toContain(
      'This user may not see',
    );
  });

  test('has suggestions in comments that are accepted when they are let in', async () => {
    const text = textOf([await guess('orders', [['a', { ts: 1_700_000_000 }]])]);
    const tokens = text.replace(/^# (auth:|  .*)$/gm, '$1').replace(/^auth: none$/m, '');
    const all = tokens.replace(/^( +)# (ignore|origins|- allow|  paths|  hide)(.*)$/gm, '$1$2$3');
    expect(all.match(/^ *#/gm)).toHaveLength(text.match(/^ *#/gm)!.length - 10);
    expect(configOf([], all).auth).toMatchObject({ kind: 'jwt' });
    expect(configOf([], all).entitlements).toHaveLength(2);
  });

  test('refers to secrets, and never has them', async () => {
    const access = {
      brokers: ['[::1]:9093', 'b.example:9093'],
      tls: { ca: { file: "/etc/o'neil/ca.pem" } },
      sasl: { mechanism: 'scram-sha-512', username: 'yes', password: { env: 'KAFKA_PASSWORD' } },
    };
    const registry = { url: 'http://registry:8081', username: 'ann', password: { env: 'REGISTRY_PASSWORD' } };
    const guesses = [
      { ...(await guess('t', [['a', { x: 1 }]])), valueFormat: 'avro' as const, needsRegistry: true },
    ];
    const text = starterText({ access, registry, guesses });
    const { needs, config } = loadConfig({ name: 'made.yaml', text }, connectors, { kind: 'offline' });
    expect(needs).toEqual(['env KAFKA_PASSWORD', 'env REGISTRY_PASSWORD', "file /etc/o'neil/ca.pem"]);
    expect(config?.sources[0]?.options.reveal()).toMatchObject({
      brokers: access.brokers,
      sasl: { mechanism: 'scram-sha-512', username: 'yes' },
    });
    expect(config?.sources[0]?.schemaRegistry).toMatchObject({ url: 'http://registry:8081' });
  });
});

describe('topics', () => {
  const metadata = (...names: string[]) => ({
    nodes: [],
    topics: new Map(
      names.map((topic) => [
        topic,
        {
          ...{
            topic,
            errorCode: topic === 'denied' ? 29 : 0,
            topicId: undefined,
            isInternal: topic === '__offsets',
          },
          partitions: [{ partition: 0, leader: 1 }],
        },
      ]),
    ),
  });
  const chosen = (names: string[], named?: string[]) => {
    const { topics, note } = chosenTopics(metadata(...names), named);
    return { names: topics.map(({ topic }) => topic), note };
  };

  test('that hold data are taken by name, and no others', () => {
    const all = [
      'quotes',
      '__offsets',
      '_schemas',
      'connect-offsets',
      'denied',
      'constructor',
      'connect-orders',
    ];
    expect(chosen(all)).toEqual({ names: ['connect-orders', 'constructor', 'quotes'], note: undefined });
    expect(chosen(['__offsets']).note).toBe('there is no topic that this user may read');
  });

  test('that are named are taken whatever they are; a missing one is said with what it may have meant', () => {
    expect(chosen(['b', 'a', '_schemas'], ['_schemas', 'a']).names).toEqual(['_schemas', 'a']);
    expect(chosen(['quotes'], ['qoutes'])).toEqual({
      names: [],
      note: expect.stringContaining('there is no topic qoutes (did you mean quotes?)'),
    });
  });

  test('are at most 50', () => {
    const { names, note } = chosen(times(60, (i) => `t${100 + i}`));
    expect([names.length, note]).toEqual([50, expect.stringContaining('there are 60 topics')]);
  });
});

describe('init refuses', () => {
  const brokers = ['--brokers', '127.0.0.1:1'];

  test.each<[string[], RegExp]>([
    [['init'], /--brokers/],
    [['init', '--brokers', 'nowhere'], /host:port/],
    [['init', ...brokers, '--sasl', 'gssapi'], /plain, scram-sha-256, scram-sha-512/],
    [['init', ...brokers, '--sasl', 'plain'], /--sasl needs --username/],
    [
      ['init', ...brokers, '--sasl', 'plain', '--username', 'a'],
      /say --password-file, or set KAFKA_PASSWORD/,
    ],
    [['init', ...brokers, '--username', 'a'], /say with --sasl/],
    [['init', ...brokers, '--registry-username', 'a'], /needs --registry/],
    [['init', ...brokers, '--registry', 'http://u:cAnArY@r:1'], /a URL is seen by others/],
    [['init', ...brokers, '--registry', 'http://u:cAnArY@r:x'], /'--registry' holds no URL/],
  ])('%j: 2', async (argv, words) => {
    const { code, stdout, stderr } = await tailrace(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain('cAnArY');
  });

  test('to write over a file, before it asks anybody', async () => {
    const { file = '' } = filesWith({ file: 'mine' });
    const { code, stderr } = await tailrace(['init', ...brokers, '-o', file]);
    expect([code, stderr]).toEqual([1, `tailrace: ${file} exists already; --force writes over it\n`]);
  });

  test('where nobody answers: 69', async () => {
    expect(await tailrace(['init', ...brokers])).toMatchObject({ code: 69, stdout: '' });
  });
});
