// Connectors that a configuration names by `type`: found, loaded and used, or refused with what is wrong with them.

import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadConfigText } from '../../src/cli/config-file.js';
import { printedYaml } from '../../src/config/printed-config.js';
import { makeSource } from '../../src/lifecycle/source-maker.js';
import { createLog } from '../../src/telemetry/logger.js';
import { resolved, yaml } from './loading.js';
import { CONNECTORS } from './stream-connector.js';
import { loopbackOutbound } from '../support/outbound.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with these files. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-outside-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The connector's own code, with parts replaced. */
function connector({
  options = `{
    type: 'object', additionalProperties: false, required: ['url'],
    properties: {
      url: { type: 'string', description: 'Where.' },
      pin: { type: 'string', writeOnly: true, description: 'Who.' },
      every: { type: 'integer', default: 5, description: 'How often.' },
    },
  }`,
  rest = 'create: (options, { name }) => ({ name, options, probe() {}, async *read() {}, async ack() {}, async close() {} }),',
} = {}): string {
  return `export default { type: 'mine', options: ${options}, ${rest} };`;
}

function source(type: string, rest = 'options: { url: "http://a" }'): string {
  return yaml({
    sources: `sources: [{ name: own, type: ${type}, ${rest}, map: [{ path: "prices/{key}" }] }]`,
  });
}

/** Offline but for what `env` holds. */
function load(text: string, folder: string, env: NodeJS.ProcessEnv | 'offline' = 'offline') {
  return loadConfigText({ name: 'tailrace.yaml', text }, CONNECTORS, { env, folder });
}

async function findings(text: string, folder: string): Promise<string[]> {
  const { findings } = await load(text, folder);
  return findings.map(({ code, message }) => `${code}: ${message}`);
}

test('a file beside the configuration is a connector; its defaults are filled in, and it makes the source', async () => {
  const folder = folderWith({ 'mine.mjs': connector() });
  const loaded = await load(source('./mine.mjs'), folder);
  const [own] = resolved(loaded).sources;
  expect(own).toMatchObject({ name: 'own', type: './mine.mjs' });
  expect(own?.options.reveal()).toEqual({ url: 'http://a', every: 5 });
  expect(loaded.modules).toEqual([join(folder, 'mine.mjs')]);
  const log = createLog({ level: 'info', style: 'json', write: () => undefined });
  expect(makeSource(own!, { log, outbound: loopbackOutbound })).toMatchObject({
    name: 'own',
    options: { every: 5 },
  });
});

test.each([
  ['main', { main: 'lib/main.js' }, 'lib/main.js', 'theirs'],
  [
    'exports for import',
    { exports: { '.': { require: './no.cjs', import: './esm.js' } } },
    'esm.js',
    'theirs',
  ],
  ['exports as one text', { exports: './one.js' }, 'one.js', 'theirs'],
  ['a part of a scoped one', { exports: { './b': './b.js' } }, 'b.js', '@them/theirs/b'],
])('a package is found by its name: %s', async (_, manifest, entry, name) => {
  const home = `node_modules/${name.replace(/\/b$/, '')}`;
  const folder = folderWith({
    [`${home}/package.json`]: JSON.stringify({ name, type: 'module', ...manifest }),
    [`${home}/${entry}`]: connector(),
    'config/deep/there.txt': '',
  });
  const loaded = await load(source(`"${name}"`), join(folder, 'config/deep'));
  expect(resolved(loaded).sources[0]?.type).toBe(name);
});

describe('what cannot be used is said, with its line', () => {
  test.each([
    ['no file', './none.mjs', {}, /^connector-not-found: there is no file .*none\.mjs$/],
    ['no package', 'none', {}, /^connector-not-found: no package none is installed for .*install it there/],
    [
      'a file without ./',
      'mine.mjs',
      { 'mine.mjs': connector() },
      /beside the configuration write \.\/mine\.mjs/,
    ],
    ['an URL', '"data:text/javascript,1"', {}, /^connector-not-found: /],
    ['code that throws', './a.mjs', { 'a.mjs': 'throw new Error("boom")' }, /^connector-unusable: .*boom/],
    [
      'code that is none',
      './b.mjs',
      { 'b.mjs': '}' },
      /^connector-unusable: .*b\.mjs threw while it was loaded/,
    ],
    [
      'no default export',
      './c.mjs',
      { 'c.mjs': 'export const a = 1' },
      /^connector-unusable: .*no default export/,
    ],
    [
      'another export',
      './d.mjs',
      { 'd.mjs': 'export default 7' },
      /^connector-unusable: .*must be an object/,
    ],
    ['no create', './e.mjs', { 'e.mjs': connector({ rest: '' }) }, /"create" must be a function/],
    [
      'no schema',
      './f.mjs',
      { 'f.mjs': connector({ options: '{}' }) },
      /must be a JSON Schema of type object/,
    ],
    [
      'a schema that is none',
      './g.mjs',
      { 'g.mjs': connector({ options: "{ type: 'object', properties: { a: { type: 'strong' } } }" }) },
      /not valid JSON Schema: see its \/properties\/a\/type/,
    ],
    [
      'the package tailrace missing',
      './h.mjs',
      { 'h.mjs': `import 'tailrace/connector-of-nobody';${connector()}` },
      /h\.mjs threw while it was loaded: .*tailrace/,
    ],
  ])('%s', async (_, type, files, message) => {
    const folder = folderWith(files);
    const { findings: found, config } = await load(source(type), folder);
    expect(found.map(({ code, message: text }) => `${code}: ${text}`)).toEqual([
      expect.stringMatching(message),
    ]);
    expect(found[0]).toMatchObject({ line: 3, docs: 'docs/config.md#sources' });
    expect(config).toBeUndefined();
  });

  test('what is built in, two connectors at once, options without a type, a type from a variable', async () => {
    const folder = folderWith({ 'mine.mjs': connector() });
    expect(await findings(source('stream', 'options: {}'), folder)).toEqual([
      'bad-value: stream is built in: write the key stream: with its options below it, and leave type out',
    ]);
    const both = source('./mine.mjs', 'options: { url: b }, stream: { hosts: [a], topics: [b] }');
    expect(await findings(both, folder)).toEqual([
      'two-connectors: sources.own reads from stream and from type; make it one source each',
    ]);
    const untyped = source('x').replace('type: x, ', '');
    expect(await findings(untyped, folder)).toEqual([
      'missing-key: sources.own has no "type", which is required',
    ]);
    expect(await findings(source('{ env: CONNECTOR }'), folder)).toEqual([
      expect.stringContaining('needed before variables and files are read; write the name itself'),
    ]);
  });

  test('options that its schema refuses, each at its place', async () => {
    const folder = folderWith({ 'mine.mjs': connector() });
    expect(await findings(source('./mine.mjs', 'options: { ulr: a, every: soon }'), folder)).toEqual([
      'missing-key: sources.own.options has no "url", which is required',
      expect.stringMatching(/^unknown-key: .*ulr/),
      expect.stringMatching(/^wrong-type: sources.own.options.every/),
    ]);
    expect(await findings(source('./mine.mjs', 'contended: last'), folder)).toEqual([
      'missing-key: sources.own.options has no "url", which is required',
    ]);
  });
});

test('F14 secrets among its options come from elsewhere, and are printed nowhere', async () => {
  const folder = folderWith({ 'mine.mjs': connector() });
  const inline = source('./mine.mjs', 'options: { url: a, pin: "0000-secret" }');
  const { findings: found } = await load(inline, folder);
  expect(found.map(({ code }) => code)).toEqual(['secret-inline']);
  expect(JSON.stringify(found)).not.toContain('0000-secret');
  const lost = source('./none.mjs', 'options: { url: a, password: "0000-secret" }');
  expect(JSON.stringify((await load(lost, folder)).findings)).not.toContain('0000-secret');

  const env = { TOKEN_SECRET: 'x'.repeat(40), PIN: '0000-secret' };
  const loaded = await load(source('./mine.mjs', 'options: { url: a, pin: { env: PIN } }'), folder, env);
  expect(resolved(loaded).sources[0]?.options.reveal()).toMatchObject({ pin: '0000-secret' });
  const printed = printedYaml(loaded.origins!, CONNECTORS);
  expect(printed).toContain('type: ./mine.mjs # tailrace.yaml:3');
  expect(printed).toContain('every: 5 # default');
  expect(printed).not.toContain('0000-secret');
});

test('a module that changed after it was loaded is refused until a restart', async () => {
  const folder = folderWith({ 'mine.mjs': connector() });
  resolved(await load(source('./mine.mjs'), folder));
  resolved(await load(source('./mine.mjs'), folder));
  utimesSync(join(folder, 'mine.mjs'), 1, 1);
  expect(await findings(source('./mine.mjs'), folder)).toEqual([
    'connector-changed: ./mine.mjs has changed since this process loaded it; a restart takes it up',
  ]);
});

test('what create throws or makes wrongly is a matter of that source: its probe says it', async () => {
  const rests = {
    'throws.mjs': "create() { throw new RangeError('not on a Sunday') }",
    'promises.mjs': 'async create() { return {} }',
  };
  const folder = folderWith(
    Object.fromEntries(Object.entries(rests).map(([name, rest]) => [name, connector({ rest })])),
  );
  const log = createLog({ level: 'info', style: 'json', write: () => undefined });
  const probe = async (name: string) => {
    const [own] = resolved(await load(source(`./${name}`), folder)).sources;
    return makeSource(own!, { log, outbound: loopbackOutbound }).probe(new AbortController().signal);
  };
  await expect(probe('throws.mjs')).rejects.toThrow('not on a Sunday');
  await expect(probe('promises.mjs')).rejects.toThrow('./promises.mjs made no source');
});
