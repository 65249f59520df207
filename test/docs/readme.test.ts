// The README is what a newcomer tries first: what it shows must work.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { connectors } from '../../connectors/registry.js';
import { loadConfig } from '../../src/config/load.js';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const readme = read('README.md');

describe('the README', () => {
  test('shows the configuration that the demo runs, and check accepts it', () => {
    const shown = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1];
    expect(shown).toBe(read('examples/demo.yaml'));
    const { findings, config } = loadConfig({ name: 'README.md', text: shown ?? '' }, connectors, {
      kind: 'offline',
    });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(config?.sources.map(({ name }) => name)).toEqual(['quotes', 'orders', 'weather']);
  });

  test('names only commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });

  test('links to nothing that is missing, and stays short', () => {
    const targets = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    const local = targets.filter((target) => !target.includes('://'));
    expect(local.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
    expect(readme.split('\n').length).toBeLessThan(150);
  });
});
