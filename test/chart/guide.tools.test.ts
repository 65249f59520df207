// docs/kubernetes.md: every snippet of values works, and the commands name what is there.

import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { connectors } from '../../connectors/registry.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig } from '../../src/config/load.js';
import { apiOf } from './api-schema.js';
import { CHART, merged, NEWEST, notes, OLDEST, only, render, type Values } from './helm.js';

const GUIDE = join(CHART, '../../docs/kubernetes.md');
const TEXT = readFileSync(GUIDE, 'utf8');

const apis = [apiOf(OLDEST), apiOf(NEWEST)];
const snippets = [...TEXT.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => parse(text) as Values);
const [first = {}] = snippets;
const CASES = snippets.map((values) => [Object.keys(values).join(', '), merged(first, values)] as const);

describe('the guide', () => {
  test('is a page of less than 120 lines', () => {
    expect(TEXT.trimEnd().split('\n').length).toBeLessThan(120);
    expect(snippets.length).toBeGreaterThan(5);
  });

  test.each(CASES)('has values that work, on top of the first: %s', (_, values) => {
    const objects = render(values);
    expect(apis.flatMap((check) => objects.flatMap(check))).toEqual([]);
    const text = only(objects, 'ConfigMap', '-config').data!['tailrace.yaml']!;
    const { config, findings } = loadConfig({ name: 'tailrace.yaml', text }, connectors, { kind: 'offline' });
    expect(findings.map(findingText)).toEqual([]);
    expect(config).toBeDefined();
  });

  test('leaves nothing to do for who follows all of it', () => {
    expect(notes(snippets.reduce(merged))).not.toContain('To do');
  });

  test('sets variables by env, or by an envFrom, for the first snippet alone', () => {
    expect(notes(first)).not.toContain('variables that nothing sets');
  });

  test('names values that exist, and links pages that do', () => {
    const defaults = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Values;
    const named = [...TEXT.matchAll(/`([a-z]\w+)(?:\.(\w+))?(?:\.\w+)?(?:: [^`{]+)?`/g)];
    const known = named.filter(([, top = '']) => top in defaults);
    expect(known.length).toBeGreaterThan(15);
    for (const [, top = '', below] of known)
      if (below) expect(Object.keys(defaults[top] as Values)).toContain(below);
    for (const [, link = ''] of TEXT.matchAll(/\]\(([^)#]+)/g))
      expect([link, existsSync(join(GUIDE, '..', link))]).toEqual([link, true]);
  });
});
