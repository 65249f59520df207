// F17: another `outbound.allow` while the process runs.

import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  OptionsRejected,
  type Outbound,
  type SourceEvent,
  type SourceType,
} from '../../connectors/contract.js';
import { Tailrace, type LogLine, type WrittenConfig } from '../../src/index.js';
import { until } from '../server/until.js';

const servers: Server[] = [];
const processes: Tailrace[] = [];
afterEach(async () => {
  for (const process of processes.splice(0)) await process.stop('at-once');
  for (const server of servers.splice(0)) server.close();
});

/** Asks its URL when it is probed; without one it is just there. */
function asking() {
  const created: { readonly name: string; readonly outbound: Outbound }[] = [];
  const type: SourceType<{ readonly url?: string }> = {
    type: 'asking',
    options: {
      type: 'object',
      description: 'Asks.',
      additionalProperties: false,
      properties: { url: { type: 'string', description: 'Whom.' } },
    },
    create({ url }, { name, outbound }) {
      created.push({ name, outbound });
      return {
        traits: { completeState: false, resumes: false, repeats: false },
        async probe() {
          if (url === undefined) return;
          await outbound.fetch(url).catch((error: Error) => {
            throw new OptionsRejected(error.message, { cause: error });
          });
        },
        async *read(_after, signal): AsyncGenerator<SourceEvent> {
          yield { type: 'live' };
          if (!signal.aborted) await once(signal, 'abort');
        },
        ack: () => Promise.resolve(),
        close: () => Promise.resolve(),
      };
    },
  };
  return { type, created };
}

function config(allow: readonly string[], urls: Readonly<Record<string, string | undefined>>): WrittenConfig {
  const any = { host: '127.0.0.1', port: 0 };
  return {
    ...{ listen: any, admin: any, auth: 'none', outbound: { allow } },
    sources: Object.entries(urls).map(([name, url]) => ({
      ...{ name, asking: url === undefined ? {} : { url }, map: [{ path: `${name}/{key}` }] },
    })),
    entitlements: [{ allow: 'everyone', paths: ['**'] }],
  };
}

async function feed(): Promise<string> {
  const server = createServer((_, response) => void response.end('{}'));
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function start(written: WrittenConfig) {
  const { type, created } = asking();
  const lines: LogLine[] = [];
  const running = await Tailrace.start({
    config: written,
    connectors: [type],
    env: {},
    log: (line) => lines.push(line),
  });
  processes.push(running);
  const saw = (event: string, source: string) =>
    until(`${event} of ${source}`, () =>
      lines.some((line) => line.event === event && line['source'] === source),
    );
  return { running, created, lines, saw };
}

test('F17 a source that stopped at an address runs when that is allowed, and the others never notice', async () => {
  const feeds = await feed();
  const { running, created, lines, saw } = await start(config([], { stopped: feeds, other: undefined }));
  await saw('source-options-rejected', 'stopped');
  await saw('source-live', 'other');
  expect(JSON.stringify(lines)).toContain('add 127.0.0.1/32, or the word loopback, to outbound.allow');
  const report = await running.reload(config(['127.0.0.1/32'], { stopped: feeds, other: undefined }));
  expect(report).toEqual({ outcome: 'applied', changes: ['outbound.allow: changed'] });
  await saw('source-live', 'stopped');
  expect(created.map(({ name }) => name)).toEqual(['stopped', 'other', 'stopped']);
});

test('F17 what is allowed no longer is refused from then on, without a source that begins anew', async () => {
  const feeds = await feed();
  const { running, created, saw } = await start(config(['loopback'], { feeds }));
  await saw('source-live', 'feeds');
  const outbound = created[0]!.outbound;
  expect((await outbound.fetch(feeds)).status).toBe(200);
  expect(await running.reload(config([], { feeds }))).toMatchObject({ outcome: 'applied' });
  await expect(outbound.fetch(feeds)).rejects.toMatchObject({ name: 'AddressRefused' });
  expect(created).toHaveLength(1);
});

test('F17 a reload that is refused changes nothing of what is allowed', async () => {
  const feeds = await feed();
  const { running, created, saw } = await start(config(['loopback'], { feeds }));
  await saw('source-live', 'feeds');
  const outbound = created[0]!.outbound;
  const report = await running.reload(config(['10.20.0.0/16'], { feeds, worse: 'http://169.254.169.254/' }));
  expect(report).toMatchObject({
    outcome: 'rejected',
    findings: [{ path: 'sources.worse', message: expect.stringContaining('169.254.169.254/32') }],
  });
  expect((await outbound.fetch(feeds)).status).toBe(200);
  await expect(outbound.fetch('http://10.20.0.1/')).rejects.toMatchObject({ name: 'AddressRefused' });
});
