// `schemaRegistry` of a source, as written and as resolved; what is wrong with one is in broken-configs.ts.

import { expect, test } from '@jest/globals';
import { readingOf } from '../../src/config/compiled.js';
import { RecordReader } from '../../src/ingest/record-reader.js';
import { offline, online, resolved, SECRET, yaml } from './loading.js';

const source = (more: string) =>
  yaml({
    sources: `sources: [{ name: a, stream: { hosts: [a], topics: [t] }, map: [{ path: "prices/{key}" }], ${more} }]`,
  });

test('a registry gets its defaults, and no login unless it is written', () => {
  const [first] = resolved(online(source('schemaRegistry: { url: http://registry:8081/base }'))).sources;
  expect(first?.schemaRegistry).toEqual({
    url: 'http://registry:8081/base',
    login: undefined,
    ca: undefined,
    timeoutMs: 10_000,
    readerSchema: {},
  });
});

test('a login comes from outside the file, and is sealed', () => {
  const text = source(
    'format: { value: avro }, schemaRegistry: { url: https://registry, username: me, password: { env: P }, timeout: 2s, readerSchema: { value: quotes-value@3 } }',
  );
  const loaded = online(text, { env: { TOKEN_SECRET: SECRET, P: 'hunter2' } });
  const registry = resolved(loaded).sources[0]?.schemaRegistry;
  expect(registry).toMatchObject({ timeoutMs: 2_000, readerSchema: { value: 'quotes-value@3' } });
  expect(registry?.login?.password.reveal()).toBe('hunter2');
  expect(JSON.stringify(registry)).not.toContain('hunter2');
  expect(offline(text).findings).toEqual([]);
});

test('only a format that names schemas makes a reader that may have to wait', () => {
  const needs = (more: string): boolean => {
    const config = resolved(online(source(more)));
    return config.sources.some((each) => new RecordReader(readingOf(each, config.limits)).needsSchemas);
  };
  expect(needs('format: { value: json }')).toBe(false);
  expect(needs('schemaRegistry: { url: http://registry }')).toBe(false);
  for (const format of ['avro', 'json-schema', 'protobuf'])
    expect(needs(`format: { value: ${format} }, schemaRegistry: { url: http://registry }`)).toBe(true);
});
