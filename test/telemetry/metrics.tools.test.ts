// What Prometheus' own checker says about a scrape.

import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { TestServer } from '../server/test-server.js';
import { scraper } from './scraped.js';

test('promtool takes the text of a scrape, and finds nothing to better in what is ours', async () => {
  const server = await TestServer.start();
  const scrape = scraper({ fanOut: () => server.fanOut.counts(), server: () => server.server.traffic });
  server.put('prices/A', { bid: 1 });
  const client = await server.session();
  client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  await client.untilControl('end');
  server.put('prices/A', { bid: 2 });
  await client.untilData(2);
  const { text } = await scrape();
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error !== undefined) throw new Error('promtool is missing: bash scripts/tools.sh installs it');
  expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('tailrace_'))).toEqual([]);
  expect([0, 3]).toContain(status); // 3: advice on names, those of prom-client's own metrics; 1: cannot be read
});
