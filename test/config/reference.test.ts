// docs/config.md is what the definitions say, and the example on it is a configuration without findings.

import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { connectors } from '../../connectors/registry.js';
import { loadConfig } from '../../src/config/load.js';
import { envNameOf, OPTIONS, type Option } from '../../src/config/options.js';
import { configReference } from '../../src/config/reference.js';

const example = readFileSync('examples/tailrace.yaml', 'utf8');

test('docs/config.md is not stale (else: node scripts/docs.mjs)', () => {
  expect(readFileSync('docs/config.md', 'utf8')).toBe(configReference(connectors, example));
});

test('the example has no finding', () => {
  const loaded = loadConfig({ name: 'examples/tailrace.yaml', text: example }, connectors, {
    kind: 'offline',
  });
  expect(loaded.findings).toEqual([]);
});

test('every option has a sentence, a reason, a default of its own kind, and a variable that no other has', () => {
  const variables = new Set<string>();
  for (const [section, options] of Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS)) {
    for (const [name, option] of Object.entries(options)) {
      expect(option.doc).toMatch(/^[A-Z].*\.$/);
      expect(option.reason).toMatch(/\.$/);
      if (option.format.isSecret !== true)
        expect(option.format.parse(option.default)).toMatchObject({ ok: true });
      variables.add(envNameOf(section, name));
    }
  }
  expect(variables.size).toBe(Object.values(OPTIONS).flatMap((options) => Object.keys(options)).length);
});
