// The pages for those who extend and embed Tailrace, followed by a stranger who has the installed package and nothing else.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RunningProgram } from '../support/built-program.js';
import { EXPORTS, StrangersProject } from '../support/installed-package.js';
import { until } from '../support/kafka.js';

const PAGE = readFileSync('docs/sources/write-your-own.md', 'utf8');
/** Code blocks of the page by the file that they are, as the comment before each says. */
const FILES = new Map(
  [...PAGE.matchAll(/<!-- examples\/connectors\/(\S+) -->\n```\w+\n([\s\S]*?)```/g)].map(
    ([, name = '', text = '']) => [name, text],
  ),
);
const EMBEDDING = /```js\n([\s\S]*?)```/.exec(readFileSync('docs/embedding.md', 'utf8'))?.[1] ?? '';

let project: StrangersProject;
beforeAll(async () => {
  project = await StrangersProject.create();
  for (const [name, text] of FILES) project.write(name, text);
}, 120_000);
afterAll(() => project.close());

test('package.json has these doors and no others', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports?: unknown };
  expect(exports).toEqual(EXPORTS);
});

describe('docs/sources/write-your-own.md', () => {
  test('shows the files of examples/connectors as they are, the connector in less than 100 lines', () => {
    expect([...FILES.keys()].sort()).toEqual([
      'ndjson-file.mjs',
      'ndjson-file.test.mjs',
      'prices.ndjson',
      'tailrace.yaml',
    ]);
    for (const [name, text] of FILES)
      expect(text).toBe(readFileSync(join('examples/connectors', name), 'utf8'));
    expect(FILES.get('ndjson-file.mjs')?.split('\n').length).toBeLessThan(100);
  });

  test('its connector passes the kit that is exported, under plain node', async () => {
    const { code, output } = await project.node('--test', 'ndjson-file.test.mjs');
    expect(output).toMatch(/fail 0/);
    expect(output).toMatch(/pass 19/);
    expect(code).toBe(0);
  }, 120_000);

  test('its configuration is checked and run: values, changes, and deletes when the file is replaced', async () => {
    const checked = await project.node(project.main, 'check');
    expect(checked).toEqual({ code: 0, output: 'tailrace.yaml: ok (1 source, 1 rule, 0 warnings)\n' });
    const env = { TAILRACE__LISTEN__PORT: '0', TAILRACE__ADMIN__PORT: '0' };
    const program = new RunningProgram(
      spawn(process.execPath, [project.main, 'run'], {
        ...{ cwd: project.folder, env, stdio: ['ignore', 'pipe', 'pipe'] },
      }),
    );
    try {
      await program.untilLine('ready');
      const get = (path: string) => fetch(`${program.publicUrl}/v1/values/${path}`);
      expect(await (await get('prices/EURUSD')).json()).toEqual({ bid: 1.1, ask: 1.1002 });
      appendFileSync(join(project.folder, 'prices.ndjson'), '{"symbol":"EURUSD","bid":1.2}\n');
      await until('the change', async () => (await (await get('prices/EURUSD')).text()) === '{"bid":1.2}');
      project.write('next.ndjson', '{"symbol":"EURUSD","bid":1.3}\n');
      renameSync(join(project.folder, 'next.ndjson'), join(project.folder, 'prices.ndjson'));
      await until('the sweep', async () => (await get('prices/USDJPY')).status === 404);
      expect(await (await get('prices/EURUSD')).json()).toEqual({ bid: 1.3 });
    } finally {
      await program.kill();
    }
  }, 60_000);
});

test('the types of the package are enough to write a connector and a harness in TypeScript', async () => {
  project.write(
    'typed.mts',
    `import { HistoryLost, type Source, type SourceType } from 'tailrace/connector';
     import { conformanceCases, type ConnectorHarness } from 'tailrace/connector-kit';
     import { Tailrace, type TailraceOptions } from 'tailrace';
     const source: Source = {
       traits: { completeState: true, resumes: false, repeats: false },
       async probe() { throw new HistoryLost('gone'); },
       async *read() { yield { type: 'live' }; },
       async ack() {},
       async close() {},
     };
     const connector: SourceType<{ url: string }> = { type: 'mine', options: {}, create: () => source };
     const options: TailraceOptions = { config: 'tailrace.yaml', connectors: [connector] };
     export const all = [options, Tailrace.start, (harness: ConnectorHarness) => conformanceCases(harness)];`,
  );
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck'];
  const types = ['--types', 'node', '--typeRoots', resolve('node_modules/@types')];
  const tsc = resolve('node_modules/typescript/bin/tsc');
  expect(await project.node(tsc, ...flags, ...types, 'typed.mts')).toEqual({ code: 0, output: '' });
}, 60_000);

describe('docs/embedding.md', () => {
  test('its program runs, and ends by itself once Tailrace is stopped', async () => {
    project.write('embedding.mjs', EMBEDDING);
    expect(await project.node('embedding.mjs')).toEqual({ code: 0, output: '{ total: 5 }\n' });
  }, 30_000);

  test('two may run in one process, with a connector of the program itself; a reload is all or nothing', async () => {
    project.write('two.mjs', TWO);
    const { code, output } = await project.node('two.mjs');
    expect(output).toBe('{"a":1} applied,rejected {"b":1}\n');
    expect(code).toBe(0);
  }, 30_000);

  test('mistakes are one error with all findings; a port that is taken leaves nothing running', async () => {
    project.write('mistakes.mjs', MISTAKES);
    const { code, output } = await project.node('mistakes.mjs');
    expect(output.trim().split('\n')).toEqual([
      'ConfigRejected config-rejected auth-missing,missing-key,nobody-sees,unknown-key',
      'address-unavailable',
      'file-unreadable',
      'TypeError options.connectors: kafka is the name of something else already',
      'no listener of signals',
    ]);
    expect(code).toBe(0);
  }, 30_000);
});

const TWO = `
import { Tailrace } from 'tailrace';
const one = {
  type: 'one',
  options: { type: 'object', additionalProperties: false, properties: { key: { type: 'string' } } },
  create: ({ key }) => ({
    traits: { completeState: true, resumes: true, repeats: false },
    async probe() {},
    async *read(after, signal) {
      const record = { key: Buffer.from(key), value: Buffer.from('1'), headers: undefined, timestampMs: -1, offset: 0 };
      yield { type: 'records', partition: 'p', topic: 't', partitionNumber: 0, records: [record], position: '1' };
      yield { type: 'live' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    async ack() {},
    async close() {},
  }),
};
const config = (key, more) => ({
  listen: { host: '127.0.0.1', port: 0 }, admin: { port: 0 }, auth: 'none',
  sources: [{ name: 'own', one: { key }, map: [{ path: '{key}' }] }],
  entitlements: [{ allow: 'everyone', paths: ['**'] }], ...more,
});
const start = (key) => Tailrace.start({ config: config(key), connectors: [one], env: {}, log: () => {} });
const [first, second] = await Promise.all([start('a'), start('x')]);
await Promise.all([first.ready, second.ready]);
const get = async (tailrace, path) => (await fetch(tailrace.publicUrl + '/v1/values/' + path)).text();
const held = async (tailrace, path) => JSON.stringify({ [path]: Number(await get(tailrace, path)) });
const before = await held(first, 'a');
const applied = await second.reload(config('b'));
const rejected = await second.reload(config('b', { shutdown: 'never' }));
while ((await get(second, 'b')) !== '1') await new Promise((resolve) => setTimeout(resolve, 10));
console.log(before, [applied.outcome, rejected.outcome].join(), await held(second, 'b'));
await Promise.all([first.stop('at-once'), second.stop('at-once')]);
`;

const MISTAKES = `
import { createServer } from 'node:net';
import { Tailrace, ConfigRejected } from 'tailrace';
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'uncaughtException', 'unhandledRejection'];
const start = (config, more = {}) => Tailrace.start({ config, env: {}, log: () => {}, ...more });
try {
  await start({ lisen: {}, sources: [{ name: 'a', push: {} }] });
} catch (error) {
  const codes = error.findings.map(({ code }) => code).sort();
  console.log(error instanceof ConfigRejected ? 'ConfigRejected' : error, error.code, codes.join());
}
const taken = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => taken.once('listening', resolve));
const config = {
  listen: { host: '127.0.0.1', port: 0 }, admin: { port: taken.address().port }, auth: 'none',
  sources: [{ name: 'a', push: {}, map: [{ path: '{key}' }] }], entitlements: [{ allow: 'everyone', paths: ['**'] }],
};
await start(config).catch(({ code }) => console.log(code));
await start('./nowhere.yaml').catch(({ code }) => console.log(code));
const kafka = { type: 'kafka', options: { type: 'object' }, create() {} };
await start(config, { connectors: [kafka] }).catch(({ name, message }) => console.log(name, message));
taken.close();
console.log(signals.every((signal) => process.listenerCount(signal) === 0) ? 'no listener of signals' : 'listens');
`;
