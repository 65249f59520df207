// The page on push: its commands are run by a shell as they stand, and what it shows is what comes.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

import { connectors } from '../../connectors/registry.js';
import { push } from '../../connectors/push/push.js';
import { systemClock } from '../../src/clock.js';
import { loadConfig } from '../../src/config/load.js';
import { withOptions } from '../../src/config/reference.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { tailrace } from '../cli/command.js';
import { resolved } from '../config/loading.js';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'sources', 'push.md'), 'utf8');
const TOKEN = 'a-token-of-this-test';

/** The page's blocks that have a language: that and the content, in order. */
function blocks(): { readonly language: string; readonly text: string }[] {
  return [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

async function start(text: string): Promise<RunningPipeline> {
  const env = { TAILRACE__ADMIN__TOKEN: TOKEN, TAILRACE__ADMIN__PORT: '0', TAILRACE__LISTEN__PORT: '0' };
  const readFile = (path: string): never => {
    throw new Error(path);
  };
  const loaded = loadConfig({ name: 'push.md', text }, connectors, { kind: 'online', env, readFile });
  const log = createLog({ level: 'error', style: 'json', write: () => undefined });
  const { signal } = new AbortController();
  return startPipeline(resolved(loaded), { clock: systemClock, log, signal });
}

async function outputOf(command: string, { adminUrl, publicUrl }: RunningPipeline): Promise<string> {
  if (command.startsWith('tailrace cat ')) {
    const argv = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    const url = publicUrl.replace('http', 'ws');
    return (await tailrace([...argv.slice(1), '--url', url])).stdout;
  }
  const script = command.replaceAll('localhost:9090', new URL(adminUrl).host);
  const env = { ...process.env, TAILRACE__ADMIN__TOKEN: TOKEN };
  return (await promisify(execFile)('sh', ['-c', script], { env })).stdout;
}

test('every command of docs/sources/push.md does what the page shows', async () => {
  const timeless = (text: string) => text.replaceAll(/"(since|at)":\d+/g, '"$1":0');
  const [yaml, ...steps] = blocks();
  const pipeline = await start(yaml?.text ?? '');
  let output = '';
  try {
    for (const { language, text } of steps) {
      if (language === 'sh') output = await outputOf(text, pipeline);
      else expect(timeless(output)).toBe(timeless(text));
    }
  } finally {
    await pipeline.stop();
  }
  expect(steps.map(({ language }) => language)).toEqual(['sh', 'text', 'sh', 'text', 'sh', 'text']);
});

test('the options in the page are not stale (else: node scripts/docs.mjs)', () => {
  expect(withOptions(PAGE, push)).toBe(PAGE);
});

test('the page has the codes that there are', () => {
  const source = readFileSync(
    join(import.meta.dirname, '..', '..', 'connectors', 'push', 'receiver.ts'),
    'utf8',
  );
  const codes = [...source.matchAll(/code: '(\w+)'/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(4);
  expect(codes.filter((code) => !PAGE.includes(`\`${code}\``))).toEqual([]);
});
