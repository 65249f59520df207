// `tailrace check --connect` against a real broker, a registry that answers what it is told, and nobody.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTopic, testBrokers, uniqueTopic } from '../support/kafka.js';
import { filesWith, tailrace } from './command.js';

let topic: string;
let registry: Server;
let answer = { status: 200, body: '["a-value","b-value"]' };
let login: string | undefined;
beforeAll(async () => {
  topic = await createTopic({ partitions: 3, configs: { 'cleanup.policy': 'compact' } });
  registry = createServer((request, response) => {
    login = request.headers.authorization;
    response.writeHead(request.url === '/base/subjects' ? answer.status : 404).end(answer.body);
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void registry.close());

interface Written {
  readonly brokers?: string;
  readonly topics?: string;
  readonly more?: string;
}

const source = (name: string, { brokers = testBrokers()[0], topics = topic, more = '' }: Written): string =>
  `  - name: ${name}
    kafka: { brokers: "${brokers}", topics: ["${topics}"] }
    map: [{ path: '${name}/{key}' }]
${more}`;

async function connected(sources: readonly string[], ...flags: string[]) {
  const text = `auth: none\nlisten: { host: 127.0.0.1 }\noutbound: { allow: [loopback] }\nsources:\n${sources.join('')}entitlements: [{ allow: everyone, paths: ['**'] }]\n`;
  const { config = '' } = filesWith({ config: text });
  return tailrace(['check', '--connect', '--quiet', '-c', config, ...flags], { env: { PASSWORD: 'sesame' } });
}

const registryAt = (base: string): string =>
  `    format: { value: avro }
    schemaRegistry:
      { url: "http://127.0.0.1:${(registry.address() as AddressInfo).port}/${base}", username: u, password: { env: PASSWORD } }
`;

test('says what is there, of sources and registries, and leaves with 0', async () => {
  const result = await connected([
    source('first', { more: registryAt('base') }),
    source('second', { topics: `${topic}*` }),
  ]);
  expect(result).toEqual({
    code: 0,
    stderr: '',
    stdout: `ok           source first: topics 1, partitions 3, brokers 1, kept every key
ok           source first, schemaRegistry: subjects 2
ok           source second: topics 1, partitions 3, brokers 1, kept every key
`,
  });
  expect(login).toBe(`Basic ${Buffer.from('u:sesame').toString('base64')}`);
});

test('names each fault with its fix: 69 where nothing answers, 1 where something is refused', async () => {
  const unreachable = await connected([source('a', {}), source('b', { brokers: '127.0.0.1:1' })]);
  expect([unreachable.code, unreachable.stdout]).toEqual([
    69,
    expect.stringMatching(/^ok .*\nunreachable {2}source b: Kafka at 127.0.0.1:1: nothing listens there/),
  ]);
  const missing = uniqueTopic('missing');
  const refused = await connected([
    source('b', { brokers: '127.0.0.1:1' }),
    source('c', { topics: missing }),
  ]);
  expect([refused.code, refused.stdout]).toEqual([
    1,
    expect.stringMatching(new RegExp(`refused +source c: there is no topic ${missing}`)),
  ]);
});

test('tells a registry that refuses, is none, or does not answer', async () => {
  const of = async (base = 'base') =>
    (await connected([source('a', { more: registryAt(base) })], '--json', '--timeout', '2s')).stdout;
  expect(await of('elsewhere')).toMatch(
    /"what":"schemaRegistry","found":\{\},.*"outcome":"refused".*base path/,
  );
  answer = { status: 401, body: '{}' };
  expect(await of()).toMatch(/"outcome":"refused".*check username and password/);
  answer = { status: 503, body: '' };
  expect(await of()).toMatch(/"outcome":"unreachable".*status 503/);
  expect(await of()).not.toContain('sesame');
});
