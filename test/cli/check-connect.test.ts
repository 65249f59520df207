// `tailrace check --connect` of sources that are cheap to read: what it shows of them, and that it leaves the others unread.

import { afterEach, expect, test } from '@jest/globals';
import { FeedServer } from '../support/feed-server.js';
import { filesWith, tailrace } from './command.js';
import { record, recordsOf, scripted } from './scripted-connector.js';
import type { MemorySource } from '../ingest/memory-source.js';

const servers: FeedServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function served(): Promise<FeedServer> {
  const server = await FeedServer.listen();
  servers.push(server);
  return server;
}

function configOf(source: string, path: string): string {
  const { config = '' } = filesWith({
    config: `listen: { host: 127.0.0.1 }
auth: none
outbound: { allow: [loopback] }
sources:
  - name: stations
    ${source}
    map: [{ path: "weather/${path}" }]
entitlements: [{ allow: everyone, paths: ["**"] }]
`,
  });
  return config;
}

async function connected(rest: string, path = '{value.country}/{key}', ...flags: string[]) {
  const config = configOf(`rest: ${rest}`, path);
  return tailrace(['check', '--connect', '--quiet', '-c', config, ...flags], { env: { KEY: 'cAnArY' } });
}

test('a feed is polled once, and its count, first paths and values are shown', async () => {
  const server = await served();
  const feed = server.feed('/stations');
  feed.items = [...'abcdefg'].map((id) => ({ id, country: 'NO', note: 'x'.repeat(id === 'a' ? 200 : 2) }));
  const result = await connected(`{ url: "${server.url('/stations')}", key: /id }`);
  const lines = result.stdout.trimEnd().split('\n');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(lines[0]).toMatch(/^ok {11}source stations: items 7, pages 1, bytes \d+$/);
  expect(lines.slice(1)).toEqual([
    '             7 records: 7 mapped',
    `             weather/NO/a  {"id":"a","country":"NO","note":"${'x'.repeat(66)}…`,
    ...[...'bcde'].map((id) => `             weather/NO/${id}  {"id":"${id}","country":"NO","note":"xx"}`),
  ]);
  expect(feed.requests).toHaveLength(1);
});

test('what would be rejected is counted, and the first are shown with their reasons', async () => {
  const server = await served();
  server.feed('/stations').items = [{ id: 'a', country: 'NO' }, { id: 'b' }, { name: 'c', country: 'NO' }];
  const rest = `{ url: "${server.url('/stations')}", key: /id }`;
  const { code, stdout } = await connected(rest);
  expect([code, stdout.split('\n').slice(1, -1)]).toEqual([
    0,
    [
      '             3 records: 1 mapped, 2 rejected',
      '             weather/NO/a  {"id":"a","country":"NO"}',
      '             -  rejected: map, field-missing, rule 1: weather/{value.country}/{key}',
      '             b  rejected: map, field-missing, rule 1: weather/{value.country}/{key}',
    ],
  ]);
  const [, contact = '{}'] = (await connected(rest, undefined, '--json')).stdout.trimEnd().split('\n');
  expect(JSON.parse(contact)).toMatchObject({
    ...{ source: 'stations', outcome: 'ok', found: { items: 3, pages: 1 } },
    published: {
      records: { mapped: 1, rejected: 2, filtered: 0, deleted: 0 },
      ...{ isAll: true, paths: [{ path: 'weather/NO/a', value: '{"id":"a","country":"NO"}' }] },
      rejected: [{ key: null }, { key: 'b' }],
    },
  });
});

test('an empty feed shows nothing, and one that cannot be had says why', async () => {
  const server = await served();
  const feed = server.feed('/stations');
  feed.items = [];
  const rest = `{ url: "${server.url('/stations')}", key: /id }`;
  expect((await connected(rest)).stdout).toContain('\n             no records now\n');
  feed.script({ do: 'status', status: 503 });
  expect(await connected(rest)).toMatchObject({
    ...{ code: 69, stdout: expect.stringMatching(/^unreachable {2}source stations: .*503/) },
  });
  expect(await connected(rest.replace('/stations', '/nothing'))).toMatchObject({
    ...{ code: 1, stdout: expect.stringMatching(/^refused {6}source stations: .*404/) },
  });
});

test('F14 neither values nor reasons bring a secret or a control character to the terminal', async () => {
  const server = await served();
  const feed = server.feed('/stations');
  feed.items = [{ id: 'a\u001b[2J', country: 'NO', at: 'https://me:hunter2@host/' }];
  const rest = `{ url: "${server.url('/stations')}", key: /id, auth: { bearer: { env: KEY } } }`;
  for (const flags of [[], ['--json']]) {
    const { stdout } = await connected(rest, 'all/{value.country}', ...flags);
    expect(stdout).not.toMatch(/cAnArY|hunter2|\u001b/);
    expect(stdout).toContain('weather/all/NO');
  }
  expect(feed.requests[0]?.headers['authorization']).toBe('Bearer cAnArY');
});

test('a source that has no state is looked at for a while, and what it brings is shown', async () => {
  const events = [
    { type: 'live' } as const,
    recordsOf([record('a', '{}'), record('b', '{'), record('c', null)]),
  ];
  const { type, sources } = scripted({ events });
  const stream = { ...type, isCheapToRead: true };
  const create: typeof type.create = (options, context) =>
    Object.assign(type.create(options, context), {
      traits: { completeState: false, resumes: false, repeats: true },
    });
  const config = configOf('scripted: {}', '{key}');
  const argv = ['check', '--connect', '--quiet', '-c', config, '--timeout', '400ms'];
  const { code, stdout } = await tailrace(argv, { connectors: async () => [{ ...stream, create }] });
  expect([code, stdout]).toEqual([
    0,
    `ok           source stations: reached
             the first 3 records: 1 mapped, 1 deleted, 1 rejected
             weather/a  {}
             b  rejected: decode value, syntax, byte 1
`,
  ]);
  expect(sources).toHaveLength(1);
});

test('no other source is read', async () => {
  const { type, sources } = scripted({ events: [recordsOf([record('a', '{}')])] });
  const argv = ['check', '--connect', '--quiet', '-c', configOf('scripted: {}', '{key}')];
  const { stdout } = await tailrace(argv, { connectors: async () => [type] });
  expect(stdout).toBe('ok           source stations: reached\n');
  expect((sources[0] as MemorySource).readFrom).toEqual([]);
});
