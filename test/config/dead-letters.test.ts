// `deadLetters` of a source: what it resolves to, and what is found in it before anything is lost.

import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { DeadLettersConfig } from '../../src/config/config.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig } from '../../src/config/load.js';
import { printedYaml } from '../../src/config/printed-config.js';
import { kafka } from '../../connectors/kafka/kafka.js';
import { CONNECTORS } from './stream-connector.js';
import { resolved, SECRET, summary, yaml } from './loading.js';

const TYPES = [kafka, ...CONNECTORS];
const ENV = { PASSWORD: 'of-the-source', OTHER: 'of-the-letters', TOKEN_SECRET: SECRET };
const LOGIN = 'sasl: { mechanism: plain, username: erin, password: { env: PASSWORD } }';
const KAFKA = `kafka: { brokers: [a:1, b:2], topics: [fx.quotes, "fx.*.raw"], tls: true, ${LOGIN}, clientId: me }`;

function configOf(deadLetters: string, source = KAFKA): string {
  const lines = `  - name: quotes\n    ${source}\n    map: [{ path: prices }]\n    deadLetters: ${deadLetters}`;
  return yaml({ sources: `sources:\n${lines}` });
}

function online(text: string, env: Readonly<Record<string, string>> = ENV) {
  const readFile = () => {
    throw new Error('no such file');
  };
  return loadConfig({ name: 'tailrace.yaml', text }, TYPES, { kind: 'online', env, readFile });
}

function offline(text: string) {
  return loadConfig({ name: 'tailrace.yaml', text }, TYPES, { kind: 'offline' });
}

function lettersOf(text: string): DeadLettersConfig {
  return resolved(online(text)).sources[0]!.deadLetters;
}

test('left out, records go to the log alone, and a flood pauses', () => {
  expect(resolved(online(yaml())).sources[0]!.deadLetters).toEqual({ onFlood: undefined, store: undefined });
  expect(lettersOf(configOf('{ onFlood: continue }'))).toEqual({ onFlood: 'continue', store: undefined });
});

test('a file counts from the folder of the configuration, and has a size', () => {
  const path = `${process.cwd()}/var/dead.ndjson`;
  expect(lettersOf(configOf('{ file: { path: var/dead.ndjson } }'))).toEqual({
    onFlood: undefined,
    store: { kind: 'file', path, maxBytes: 64 << 20 },
  });
  const sized = lettersOf(configOf('{ file: { path: /var/dead.ndjson, maxBytes: 2MiB } }'));
  expect(sized.store).toEqual({ kind: 'file', path: '/var/dead.ndjson', maxBytes: 2 << 20 });
});

test('a topic is in the cluster of the source, by its login', () => {
  const { store } = lettersOf(configOf('{ topic: { name: quotes.dead } }'));
  expect(store).toMatchObject({ kind: 'topic', name: 'quotes.dead' });
  expect(store?.kind === 'topic' && store.cluster.reveal()).toEqual({
    brokers: ['a:1', 'b:2'],
    clientId: 'me',
    tls: true,
    sasl: { mechanism: 'plain', username: 'erin', password: 'of-the-source' },
  });
});

test('brokers of its own get nothing of the login of the source', () => {
  const { store } = lettersOf(configOf('{ topic: { name: quotes.dead, brokers: [c:3] } }'));
  expect(store?.kind === 'topic' && store.cluster.reveal()).toEqual({ brokers: ['c:3'], clientId: 'me' });
  const login = 'sasl: { mechanism: plain, username: dlq, password: { env: OTHER } }';
  const other = lettersOf(configOf(`{ topic: { name: quotes.dead, ${login} } }`)).store;
  expect(other?.kind === 'topic' && other.cluster.reveal()).toMatchObject({
    brokers: ['a:1', 'b:2'],
    tls: true,
    sasl: { username: 'dlq', password: 'of-the-letters' },
  });
});

const STREAM = 'stream: { hosts: [a:1], topics: [t] }';

test.each<[why: string, text: string, code: string, message: RegExp]>([
  [
    'a file and a topic',
    configOf('{ file: { path: f }, topic: { name: t } }'),
    'dead-letters',
    /in a file and in a topic; choose one/,
  ],
  [
    'a topic of a source without brokers',
    configOf('{ topic: { name: t } }', STREAM),
    'dead-letters',
    /needs brokers, since sources\.quotes is no Kafka source/,
  ],
  [
    'a topic that the source reads',
    configOf('{ topic: { name: fx.quotes } }'),
    'dead-letters',
    /reads the topic fx\.quotes itself/,
  ],
  [
    'a topic that its pattern reads',
    configOf('{ topic: { name: fx.eur.raw } }'),
    'dead-letters',
    /reads the topic/,
  ],
  [
    'a topic that it reads, by another address',
    configOf('{ topic: { name: fx.quotes, brokers: [b:2] } }'),
    'dead-letters',
    /reads the topic/,
  ],
  ['text as a file', configOf('{ file: dead.ndjson }'), 'wrong-type', /file must be a mapping/],
  [
    'a file that is too small',
    configOf('{ file: { path: f, maxBytes: 100KiB } }'),
    'out-of-range',
    /at least 1MiB/,
  ],
  [
    'a size that is none',
    configOf('{ file: { path: f, maxBytes: 1Mb } }'),
    'bad-value',
    /a size, such as 64MiB/,
  ],
  ['a topic without a name', configOf('{ topic: {} }'), 'missing-key', /no "name"/],
  ['a topic with a wrong name', configOf('{ topic: { name: "a b" } }'), 'bad-value', /name of a topic/],
  ['an unknown key', configOf('{ flie: { path: f } }'), 'unknown-key', /flie/],
  ['an unknown flood', configOf('{ onFlood: stop }'), 'bad-value', /pause, continue/],
  [
    'a password in the file',
    configOf('{ topic: { name: t, sasl: { mechanism: plain, username: u, password: hunter2 } } }'),
    'secret-inline',
    /env: NAME/,
  ],
])('%s is found, with its line', (_, text, code, message) => {
  const loaded = online(text);
  expect(summary(loaded)).toEqual([
    `${code} ${text.split('\n').findIndex((line) => /deadLetters/.test(line)) + 1}`,
  ]);
  const finding = findingText(loaded.findings[0]!);
  expect(finding).toMatch(message);
  expect(finding).toMatch(/docs\/config\.md#sources-deadLetters/);
  expect(finding).not.toMatch(/hunter2/);
});

test('a topic of its name in another cluster is another one', () => {
  expect(summary(online(configOf('{ topic: { name: fx.quotes, brokers: [c:3] } }')))).toEqual([]);
});

test.each([
  ['one file', '/var/a', '/var/a', true],
  ['one file, differently written', './a', 'b/../a', true],
  ['a file that another is rotated into', '/var/a', '/var/a.3', true],
  ['files of their own', '/var/a', '/var/b', false],
])('two sources and %s', (_, first, second, isFound) => {
  const source = (name: string, path: string) =>
    `  - name: ${name}\n    ${STREAM}\n    map: [{ path: ${name} }]\n    deadLetters: { file: { path: ${path} } }`;
  const text = yaml({ sources: `sources:\n${source('a', first)}\n${source('b', second)}` });
  const loaded = offline(text.replace('prices/**', "'**'"));
  expect(summary(loaded)).toEqual(isFound ? ['dead-letters 11'] : []);
  if (isFound)
    expect(loaded.findings[0]!.message).toMatch(
      /^sources\.b and sources\.a write their dead letters into one file/,
    );
});

test('offline, what is not known is not judged', () => {
  expect(summary(offline(configOf('{ file: { path: { env: A } } }')))).toEqual([]);
  expect(summary(offline(configOf('{ topic: { name: { env: A }, brokers: { env: B } } }')))).toEqual([]);
});

test('F14 a printed configuration shows no password or key of the letters', () => {
  const tls = 'tls: { cert: { env: CERT }, key: { env: KEY } }';
  const login = 'sasl: { mechanism: plain, username: u, password: { env: OTHER } }';
  const env = { ...ENV, CERT: 'the certificate', KEY: 'the private one' };
  const text = configOf(`{ topic: { name: t, brokers: [c:3], ${tls}, ${login} } }`);
  const { origins, findings } = online(text, env);
  expect(findings).toEqual([]);
  const printed = printedYaml(origins!, TYPES);
  expect(printed).toMatch(/name: t/);
  expect(printed).not.toMatch(/of-the-letters|the private one/);
});

test('the example of docs/dead-letters.md is a configuration without mistakes', () => {
  const [, example = ''] = /```yaml\n([^]*?)```/.exec(readFileSync('docs/dead-letters.md', 'utf8')) ?? [];
  const config = resolved(online(example));
  expect(config.sources.map(({ deadLetters }) => deadLetters.store?.kind)).toEqual(['topic', 'file']);
});
