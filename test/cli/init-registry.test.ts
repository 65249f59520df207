// `tailrace init` and records whose schemas are in a registry: the format is that of the schema, and the fields tell the path.

import { expect, test } from '@jest/globals';
import avro from 'avsc';
import { connectors } from '../../connectors/registry.js';
import { allowedFor } from '../../src/cli/starter/registry-way.js';
import { starterText } from '../../src/cli/starter/starter-text.js';
import { guessTopic } from '../../src/cli/starter/topic-guess.js';
import type { TopicSample } from '../../src/cli/starter/topic-sample.js';
import { loadConfig } from '../../src/config/load.js';
import { framed, registryOf } from './stub-registry.js';

function sampleOf(values: readonly Buffer[]): TopicSample {
  const records = values.map((value, offset) => ({
    key: null,
    value,
    headers: undefined,
    timestampMs: 1,
    offset,
  }));
  return { topic: 'quotes', partitions: 1, isCompacted: false, records, trouble: undefined };
}

const QUOTE = {
  type: 'record' as const,
  name: 'Quote',
  fields: [
    { name: 'symbol', type: 'string' },
    { name: 'bid', type: 'double' },
  ],
};
/** The registry of a test is on this machine. */
const allow = await allowedFor('http://127.0.0.1:8081');
const quote = avro.Type.forSchema(QUOTE);

test('Avro values are avro, and their fields are known', async () => {
  const url = await registryOf({ 7: { schema: JSON.stringify(QUOTE) } });
  const values = ['EURUSD', 'USDJPY'].map((symbol) => framed(7, quote.toBuffer({ symbol, bid: 1.5 })));
  const registry = { url };
  const guess = await guessTopic(sampleOf(values), { connectors, env: {}, registry, allow });
  expect(guess).toMatchObject({ valueFormat: 'avro', path: '{value.symbol}', needsRegistry: true });
  const text = starterText({ access: { brokers: ['kafka:9092'] }, registry, allow, guesses: [guess] });
  const { config, findings } = loadConfig({ name: 'made.yaml', text }, connectors, { kind: 'offline' });
  expect(findings).toEqual([]);
  expect(config?.outbound.allow).toEqual(['127.0.0.1/32']);
  expect(config?.sources[0]).toMatchObject({ schemaRegistry: { url }, format: { value: 'avro' } });
});

test('JSON Schema values are json-schema', async () => {
  const schema = { type: 'object', properties: { id: { type: 'integer' } } };
  const url = await registryOf({ 9: { schemaType: 'JSON', schema: JSON.stringify(schema) } });
  const values = [framed(9, Buffer.from('{"id":1}')), framed(9, Buffer.from('{"id":2}'))];
  const guess = await guessTopic(sampleOf(values), { connectors, env: {}, registry: { url }, allow });
  expect(guess).toMatchObject({ valueFormat: 'json-schema', path: '{value.id}' });
});

test.each([
  ['does not know the schema', async () => registryOf({}), /does not know it/],
  ['does not answer', async () => 'http://127.0.0.1:1', /did not answer/],
])('a registry that %s is said, and the configuration can run all the same', async (_what, url, words) => {
  const registry = { url: await url() };
  const values = [framed(7, quote.toBuffer({ symbol: 'EURUSD', bid: 1.5 }))];
  const guess = await guessTopic(sampleOf(values), { connectors, env: {}, registry, allow });
  expect(guess).toMatchObject({ valueFormat: 'bytes', needsRegistry: false });
  expect(guess.notes).toEqual(expect.arrayContaining([expect.stringMatching(words)]));
});

test.each([
  ['https://93.184.216.34', []],
  ['http://127.0.0.1:8081/base', ['127.0.0.1/32']],
  ['http://[::1]:8081', ['::1/128']],
  ['http://10.0.3.4', ['10.0.3.4/32']],
  ['http://169.254.169.254', ['169.254.169.254/32']],
  ['http://localhost:8081', ['loopback']],
  ['http://nobody.invalid', []],
])('F17 a registry at %s needs %j in outbound.allow', async (url, entries) => {
  expect(await allowedFor(url)).toEqual(entries);
});

test('F17 nothing is allowed that no source needs', async () => {
  const guess = await guessTopic(sampleOf([Buffer.from('{"id":1}')]), {
    connectors,
    env: {},
    registry: undefined,
  });
  const text = starterText({
    access: { brokers: ['kafka:9092'] },
    registry: undefined,
    allow,
    guesses: [guess],
  });
  expect(text).not.toContain('outbound');
});
