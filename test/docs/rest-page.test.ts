// The page on polled feeds: its feeds are served, its configurations read them, and what it shows is what comes.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';

import { connectors } from '../../connectors/registry.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig } from '../../src/config/load.js';
import { filesWith, tailrace } from '../cli/command.js';
import { FeedServer } from '../support/feed-server.js';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'sources', 'rest.md'), 'utf8');

const servers: FeedServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

/** The page's blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, is, text = '']) =>
    is === language ? [text] : [],
  );
}

/** A complete configuration of a block that is one, or of a source's options and rules. */
function complete(block: string): string {
  if (/^sources:/m.test(block)) return block;
  const indented = block.replaceAll(/^/gm, '    ').trimEnd();
  return `listen: { host: 127.0.0.1 }
auth: none
outbound: { allow: [loopback] }
sources:
  - name: feed
${indented}${block.includes('map:') ? '' : "\n    map: [{ path: 'a/{key}' }]"}
entitlements: [{ allow: everyone, paths: ['**'] }]
`;
}

/** What the body at `path` becomes by this configuration, whatever host it names. */
async function checked(config: string, path: string, body: string): Promise<string> {
  const server = await FeedServer.listen();
  servers.push(server);
  server.feed(path).rule = () => ({ do: 'body', body, contentType: 'application/json' });
  const { file = '' } = filesWith({ file: config.replaceAll(/https?:\/\/[\w.:]+\//g, server.url('/')) });
  const argv = ['check', '--connect', '--quiet', '-c', file];
  const { code, stdout } = await tailrace(argv, { env: { TRANSIT_KEY: 'k' } });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok /)]);
  return stdout;
}

test('the working example shows what the page says', async () => {
  const [feed = ''] = blocks('sh').map((text) => /<<'END'\n([^]*)^END$/m.exec(text)?.[1] ?? '');
  const [config = ''] = blocks('yaml');
  const [shown] = blocks('text');
  expect(await checked(config, '/stations.json', feed)).toBe(shown);
});

test('vehicles and exchange rates become the paths that their rules say', async () => {
  const [vehicles = '', rates = ''] = blocks('json');
  const [, ofVehicles = '', ofRates = ''] = blocks('yaml').map(complete);
  const bus = ofVehicles.replace('[bus, tram]', '[bus]');
  expect(await checked(bus, '/gtfs-rt/bus/vehicles.json', vehicles)).toContain(
    '             vehicles/bus/B44/7312  {"vehicle":{"position":{"latitude":59.91,"longitude":10.75}}}\n',
  );
  const shown = await checked(ofRates, '/latest', rates);
  expect(shown).toContain('             3 records: 3 mapped\n             rates/EUR/JPY  162.3\n');
});

test('no configuration of the page has a finding', () => {
  for (const block of blocks('yaml').filter((text) => !text.startsWith('outbound'))) {
    const loaded = loadConfig({ name: 'rest.md', text: complete(block) }, connectors, { kind: 'offline' });
    expect([block, loaded.findings.map(findingText)]).toEqual([block, []]);
  }
});

test('every way of paging and of getting in that it lists is one', () => {
  const paging = [...PAGE.matchAll(/^\| .* \| `(\{ by: .*?\})`/gm)].map(([, text = '']) => `paging: ${text}`);
  const access = [...PAGE.matchAll(/^\| .* \| `((?:auth|tls): \{.*?\})`/gm)].map(([, text = '']) => text);
  expect([paging.length, access.length]).toEqual([4, 6]);
  for (const option of [...paging, ...access].map((text) => text.replaceAll('…', 'https://idp.example'))) {
    const block = `rest: { url: 'https://api.example', key: /id, ${option} }`;
    const loaded = loadConfig({ name: 'rest.md', text: complete(block) }, connectors, { kind: 'offline' });
    expect([option, loaded.findings.map(findingText)]).toEqual([option, []]);
  }
});
